// Pairs of a sine: y_j = a sin(x_j + phi), x ~ U(-5, 5), a ~ U(low, high), phi ~ U(0, pi), d = 1
// (von Oswald et al. 2022, Fig. 4). Without noise. The truth of a prompt is (a, phi).
//
// Cost: one block of random numbers for four inputs, and a sine each.
#pragma once

#include <memory>

#include "gramian/base/error.h"
#include "gramian/tasks/pair_task.h"

namespace gramian {

struct SineSpec {
  double low = 0.1, high = 0.5;  // of the amplitude
  // Amplitude and phase from one uniform number, as the published code draws them: the larger the
  // one, the larger the other.
  bool correlated = false;
};
inline constexpr double kSineRange = 5;

// Errors: config, unless n >= 1 and 0 <= low <= high, both finite.
Expected<std::shared_ptr<const PairTask>> sine_pairs(int n, const SineSpec& sine = {});

}  // namespace gramian
