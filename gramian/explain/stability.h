// How a network behaves on rare prompts: explosions counted, and the eigenvalue of G/n that it
// survives.
#pragma once

#include <cstdint>
#include <optional>

#include "gramian/base/error.h"
#include "gramian/evaluation/blowups.h"
#include "gramian/models/network.h"

namespace gramian {

struct Stability {
  // Nothing for inputs with a covariance other than I, for which explosions are not counted.
  std::optional<BlowUpCount> blowups;
  // The largest eigenvalue l of sum x x^T / n, up to kMostEigenvalue, such that for no eigenvalue
  // in [1, l] the network is worse than predicting zero on the prompt
  //
  //     sum x x^T / n = I + (l - 1) v v^T,   w = sqrt(d) v,   residuals of mean square E sigma^2
  //
  // with |v| = 1 the worst of the axes and of kDirections random directions: the error <w^L - w, v>
  // stays below |w|.
  double limit = 0;
  bool limit_found = false;  // false: it survives every eigenvalue tried; `limit` is the last
  // The largest eigenvalue of sum x x^T / n over fresh prompts of the task: median, 99%, and the
  // largest seen.
  double eigenvalue_median = 0, eigenvalue_99 = 0, eigenvalue_most = 0;
  std::size_t eigenvalue_prompts = 0;

  static constexpr double kMostEigenvalue = 100;
  static constexpr int kDirections = 16;
};

// `threshold`: a loss above it is an explosion. Errors: interrupted.
Expected<Stability> examine_stability(const RegressionTask& task, const Network& network,
                                      double threshold, std::uint64_t prompts, std::uint64_t seed,
                                      ThreadPool& pool, const ProgressFunction& progress = {});

}  // namespace gramian
