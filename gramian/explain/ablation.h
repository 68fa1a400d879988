// Ablation: the loss of a network without one of its parts (omega_xy, the entries of P and Q off
// their diagonals, ..), before and after the rest is trained on.
//
// Losses are adjusted losses: the mean loss minus that of the oracle. Nothing here changes the
// network that is given. Cost: one evaluation of `spec.prompts` prompts for each part, and one
// retraining of `steps` steps.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/evaluation/evaluate.h"
#include "gramian/models/network.h"
#include "gramian/training/trainer.h"

namespace gramian {

// A part to leave out, in all layers.
struct Restriction {
  std::string name;        // "without omega_yy"
  Network network;         // with the part set to 0
  std::vector<bool> keep;  // [parameters] false: stays 0
};

// The restrictions of a network; the first is the network itself. DIAG: without omega_xy, without
// omega_yy, without both, without omega_xx. GD++: without omega_xx. FULL: with all entries of P and
// Q off their diagonals 0; the nearest DIAG network (weights.h); that one without omega_xy,
// omega_yy, omega_xx.
std::vector<Restriction> restrictions(const Network& network);

// `spec.steps` steps of Adam on the parameters that are kept, from where they are. Errors: config,
// for a spec that the network cannot be trained with; numeric, where training diverges.
Expected<Network> retrain(const RegressionTask& task, const Restriction& restriction,
                          const TrainSpec& spec, ThreadPool& pool,
                          const ProgressFunction& progress = {});

struct Ablation {
  std::string name;                  // of the restriction
  RunningMean before;                // adjusted loss before retraining
  std::optional<RunningMean> after;  // and after it; nothing if it was not done or has failed
  std::string failure = {};          // the reason, if retraining has failed
};

// The adjusted loss of each restriction on the same prompts, before and after `steps` of retraining
// (0: none). The first is the network itself, which is retrained as long, to show what more
// training alone changes. Errors: interrupted.
Expected<std::vector<Ablation>> ablate(const RegressionTask& task, const Network& network,
                                       const TrainSpec& trained, std::int64_t steps,
                                       const EvalSpec& spec, ThreadPool& pool,
                                       const ProgressFunction& progress = {});

}  // namespace gramian
