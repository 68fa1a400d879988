// Rare prompts on which a network explodes, counted on many millions of prompts. Networks only:
// without solvers, which cost more than the network does. Also the cheapest way to a mean loss.
#pragma once

#include <cstdint>

#include "gramian/base/error.h"
#include "gramian/evaluation/loss_histogram.h"
#include "gramian/evaluation/measure.h"
#include "gramian/evaluation/predictor.h"
#include "gramian/evaluation/statistics.h"
#include "gramian/tasks/blocks.h"

namespace gramian {

struct BlowUpCount {
  std::uint64_t prompts = 0;
  std::uint64_t count = 0;  // prompts whose loss is not <= threshold
  double threshold = 0;
  double largest = 0;  // loss seen; infinite if one left the finite numbers
  RunningMean loss = {};
  LossHistogram losses = {};  // the same losses, for quantiles
};

// The seed of the prompts on which studies and `gramian collect --blowups` count: neither those on
// which seeds of a study are compared nor those of evaluations.
inline constexpr std::uint64_t kCountingSeed = 3;

// On these prompts, with the loss 1/2 r^2 integrated over the query
// (training/loss.h). The same to the bit on any number of threads. Errors: interrupted, by
// `progress`.
Expected<BlowUpCount> count_blowups(const RegressionTask& task, Predictor& model, double threshold,
                                    const PromptSeries& prompts, ThreadPool& pool,
                                    const ProgressFunction& progress = {});

}  // namespace gramian
