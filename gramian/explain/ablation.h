// Ablation: the loss of a network without one of its parts, before and after the rest has been
// trained further.
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

// Trains the parameters that are kept, from their present values, by `spec.steps` steps of Adam.
// Errors: numeric, if training diverges.
Expected<Network> retrain(const RegressionTask& task, const Restriction& restriction,
                          const TrainSpec& spec, ThreadPool& pool);

// The settings of retraining: those with which the network was trained, but with Adam at a third of
// the default rate, and on other prompts.
TrainSpec retraining(const TrainSpec& trained, std::int64_t steps);

struct PartWorth {
  std::string name;
  RunningMean before;                // adjusted loss
  std::optional<RunningMean> after;  // retraining; nothing if it was not done
  std::string failure = {};          // why retraining gave nothing
};

// The adjusted loss of each restriction on the same prompts, before and after `steps` of retraining
// (0: none). The first is the network itself, which is retrained as long, to show what more
// training alone changes. Errors: interrupted.
Expected<std::vector<PartWorth>> worth_of_parts(const RegressionTask& task, const Network& network,
                                                const TrainSpec& trained, std::int64_t steps,
                                                const EvalSpec& spec, ThreadPool& pool,
                                                const ProgressFunction& progress = {});

// The adjusted loss after each layer, without other solvers than the oracle.
Expected<std::vector<RunningMean>> adjusted_losses(const RegressionTask& task,
                                                   const Network& network, const EvalSpec& spec,
                                                   ThreadPool& pool);

}  // namespace gramian
