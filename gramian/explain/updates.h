// What training changed, and what pruning costs: the rank of the change of each matrix P and Q, the
// loss with these changes truncated to a low rank, and the loss without a share of the weights.
//
// The change is measured against the start of the run, which is made again from its configuration
// (training is deterministic); a model file adds rounding errors of 1e-16. Losses are adjusted
// losses: the mean loss minus that of the oracle, on the same prompts.
//
// Letters: D = d + 1 rows of a matrix. Errors: interrupted, by `progress`. Cost: one evaluation for
// each rank, and for each share and order one more and a retraining.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gramian/explain/ablation.h"

namespace gramian {

// The change of one matrix.
struct MatrixUpdate {
  std::string name;           // "layer 1, P", of several heads "layer 1, P of head 2"
  std::vector<double> sigma;  // singular values, the largest first
  double size = 0;  // Frobenius norm of the change over that of the start; infinite from 0
  int rank_99 = 0;  // singular directions that hold 99% of the squares of the change
};

// Of the matrices P and Q of a network of kind full; empty for all other kinds, which have none.
// Requires: both of one spec (asserted).
std::vector<MatrixUpdate> matrix_updates(const Network& start, const Network& trained);

// The start plus the change of each matrix, truncated to this rank. Requires: kind full (asserted).
Network truncated_update(const Network& start, const Network& trained, int rank);

struct TruncationCost {
  int rank = 0;
  RunningMean adjusted;
};
// At ranks 0, 1, 2, 4, .. below D, and at D. Empty for other kinds than full.
Expected<std::vector<TruncationCost>> truncation_costs(const RegressionTask& task,
                                                       const Network& start, const Network& trained,
                                                       const EvalSpec& spec, ThreadPool& pool,
                                                       const ProgressFunction& progress = {});

// The adjusted loss without a share of the weights, of all layers together.
struct PruningCost {
  double share = 0;
  bool at_random = false;            // else the smallest first
  RunningMean before;                // as pruned
  std::optional<RunningMean> after;  // after retraining the rest; nothing if not done or failed
  std::string failure = {};          // the reason, if retraining has failed

  const char* order() const { return at_random ? "at random" : "smallest first"; }
};

// At shares of 1/4, 1/2, 3/4 and 9/10, each in both orders. `steps` of retraining as ablation.h
// does it; 0: none.
Expected<std::vector<PruningCost>> pruning_costs(const RegressionTask& task, const Network& network,
                                                 const TrainSpec& trained, std::int64_t steps,
                                                 const EvalSpec& spec, ThreadPool& pool,
                                                 const ProgressFunction& progress = {});

}  // namespace gramian
