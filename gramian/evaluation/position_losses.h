// Losses of predictors at every position of a prompt, for tasks with several answers
// (tasks/token_source.h), on prompts that all of them share.
//
// The loss of position t is 1/2 |prediction_t - target_t|^2, or of classes the cross entropy in
// nats; that of a prompt the mean over its positions, weighted as the task says. Predictions are
// [positions, outputs, lanes].
//
// Errors: interrupted, by `progress`. Bits do not depend on the number of threads. Cost: the
// predictions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gramian/evaluation/measure.h"
#include "gramian/evaluation/statistics.h"
#include "gramian/evaluation/token_predictor.h"
#include "gramian/parallel/pool.h"

namespace gramian {

struct PositionLosses {
  RunningMean loss;                    // of prompts
  RunningMean right = {};              // of classes: the share of answers with the largest score
  std::vector<RunningMean> positions;  // of each position, over the prompts in which it counts
};

struct NamedPredictor {
  std::string name;
  MakeTokenPredictor make;
};

// In the order of the predictors. Requires: prompts >= 1 (asserted).
Expected<std::vector<PositionLosses>> position_losses(const TokenTask& task,
                                                      std::span<const NamedPredictor> predictors,
                                                      std::uint64_t prompts, std::uint64_t seed,
                                                      ThreadPool& pool,
                                                      const ProgressFunction& progress = {});

}  // namespace gramian
