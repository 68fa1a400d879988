// What training changed and what pruning costs, of any trained system: the rank of the change of
// each matrix, the loss with these changes truncated to a low rank, and the loss without a share of
// the weights, before and after the rest is trained on.
//
//   const TrainedSystem system = gram_system(task, network, trained, start, eval, pool);
//   const Changes changes = GRAMIAN_TRY(examine_changes(system, {.retrain_steps = 1000}));
//   changes.updates[0].sigma, changes.truncations[1].loss, changes.pruning[0].after ..
//
// The change is measured against the start of the run, which is made again from its configuration
// (training is deterministic); a model file adds rounding errors of 1e-16. What is pruned are the
// entries of matrices, or all weights where there are none.
//
// Errors: interrupted, by `progress`. Cost: one evaluation for each rank, and for each share and
// order one more and a retraining.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/evaluation/evaluate.h"
#include "gramian/evaluation/updates.h"
#include "gramian/training/trainer.h"

namespace gramian {

// A trained system as functions of its weights.
struct TrainedSystem {
  std::vector<WeightMatrix> matrices = {};
  std::vector<double> trained = {};
  // The weights before training, as many; empty where they are not known: then nothing is said of
  // what training changed.
  std::vector<double> start = {};

  std::string loss_name = {};  // "adjusted loss"
  // On the same prompts for all weights.
  std::function<Expected<RunningMean>(const std::vector<double>& theta,
                                      const ProgressFunction& progress)>
      loss = {};
  // Steps of training, from theta, on the weights that are kept; the others stay as they are.
  // Errors: numeric, where training diverges; config, where it cannot begin.
  std::function<Expected<std::vector<double>>(const std::vector<double>& theta,
                                              const std::vector<bool>& keep, std::int64_t steps,
                                              const ProgressFunction& progress)>
      retrain = {};
};

// A network on Gram matrices, with its adjusted loss on the prompts of `eval`, retrained as
// `trained` says (training/retraining.h). All that is given by reference must outlive the system.
TrainedSystem gram_system(const RegressionTask& task, const Network& network,
                          const TrainSpec& trained, std::vector<double> start, const EvalSpec& eval,
                          ThreadPool& pool);

struct TruncationCost {
  int rank = 0;  // of the change of each matrix
  RunningMean loss;
};

struct PruningCost {
  double share = 0;                  // of the weights
  bool at_random = false;            // else the smallest first
  RunningMean before;                // the loss as pruned
  std::optional<RunningMean> after;  // after retraining the rest; nothing if not done or failed
  std::string failure = {};          // the reason, if retraining has failed

  const char* order() const { return at_random ? "at random" : "smallest first"; }
};

struct Changes {
  std::string loss_name = {};
  std::int64_t retrain_steps = 0;
  RunningMean trained = {};                      // the loss of the system as it is
  std::vector<MatrixUpdate> updates = {};        // empty without a start or without matrices
  std::vector<TruncationCost> truncations = {};  // at 0, 1, 2, 4, .. and the full rank
  std::vector<PruningCost> pruning = {};         // at each share, in the orders of the plan
};

struct ChangesPlan {
  std::int64_t retrain_steps = 0;  // 0: nothing is retrained
  std::vector<double> pruned_shares = {0.25, 0.5, 0.75, 0.9};
  bool at_random = true;  // also in random order
};

// Requires: shares in [0, 1] (asserted). Progress is told how many of how many changed networks are
// done.
Expected<Changes> examine_changes(const TrainedSystem& system, const ChangesPlan& plan,
                                  const ProgressFunction& progress = {});

}  // namespace gramian
