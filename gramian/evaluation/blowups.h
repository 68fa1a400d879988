// Rare prompts on which a network explodes, counted on many millions of prompts. Networks only:
// without solvers, which cost more than the network does. Also the cheapest way to a mean loss.
#pragma once

#include <cstdint>

#include "gramian/base/error.h"
#include "gramian/evaluation/evaluate.h"

namespace gramian {

struct BlowUpCount {
  std::uint64_t prompts = 0;
  std::uint64_t count = 0;  // prompts whose loss is not <= threshold
  double threshold = 0;
  double largest = 0;  // loss seen; infinite if one left the finite numbers
  RunningMean loss = {};
};

// On the prompts of `seed`, loss integrated over the query. The same count
// on any number of threads. Errors: interrupted.
Expected<BlowUpCount> count_blowups(const RegressionTask& task, Predictor& model, double threshold,
                                    std::uint64_t prompts, std::uint64_t seed, ThreadPool& pool,
                                    const ProgressFunction& progress = {});

}  // namespace gramian
