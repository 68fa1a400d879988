// What a layer does to the implicit weights of a prompt: step, momentum and shrinkage, at each noise level; and the
// noise level that can be read from what the layer sees.
//
// Fit, for any network. The change of a layer, in the metric of the loss, by least squares for each prompt:
//
//     w' - w  ~  step g + momentum (w - w_before) - shrinkage w,     g = (a alpha - S w) / n
//
// S, alpha the sums over the context; w and a of Theorem 4.1: g is minus the gradient of the mean of
// 1/2 (a y_i - <w, x_i>)^2. Layer 1 starts at w = 0 and has a step only; in layer 2 the last change is w itself, and
// there is no momentum to tell from shrinkage. R^2 is the share of |w' - w|^2 that the fit explains.
//
// Exact, for diagonal networks (Lemma 4.4, w' = (1 + s) w - Pi g - Phi u):
//
//     step = -<g, Pi g> / <g, g>,   shrinkage = -s = -omega_yy lambda^l,
//     momentum share = |Phi u| / (|Pi g| + |Phi u| + |s w|)
//
// Steps are for means over the context (G/n), whatever the scale of the network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/models/network.h"
#include "gramian/tasks/task.h"

namespace gramian {

struct Quantiles {                       // over prompts
  double low = 0, median = 0, high = 0;  // 10%, 50%, 90%
};
// Nothing for an empty list. Linear between order statistics.
std::optional<Quantiles> quantiles(std::vector<double> values);

struct Reading {
  double sigma = 0;
  std::size_t prompts = 0;  // on which the layer changes w at all, and stays finite
  std::optional<Quantiles> step, momentum, shrinkage;
  std::optional<Quantiles> r2, r2_step;                                  // of the fit; of the step alone
  std::optional<Quantiles> exact_step, exact_shrinkage, momentum_share;  // diagonal networks

  const std::optional<Quantiles>& best_step() const { return exact_step ? exact_step : step; }
  const std::optional<Quantiles>& best_shrinkage() const { return exact_shrinkage ? exact_shrinkage : shrinkage; }
};

// [layers][sigmas], on the same prompts but for the noise.
std::vector<std::vector<Reading>> read_layers(const RegressionTask& task, const Network& network,
                                              const std::vector<double>& sigmas, std::size_t prompts,
                                              std::uint64_t seed);

// A linear probe: sigma by least squares from 1 and
//
//     sqrt(lambda^l), |alpha^l|, sqrt(tr S^l), sqrt(|S^l|)     of G^l / n
//
// the rotation-invariant numbers that one layer can form, as what layer l + 1 sees them. R^2 and error on prompts that
// were not fitted.
struct NoiseProbe {
  double r2 = 0;
  double error = 0;  // root mean square, in units of sigma
};

struct NoiseReadings {
  std::vector<NoiseProbe> layers;  // before the first layer and after each but the last: L
  NoiseProbe residuals;            // the same with sqrt(rss / n) of least squares in place of the four
};

// Nothing where all prompts have one noise level.
std::optional<NoiseReadings> read_noise(const RegressionTask& task, const Network& network, std::size_t prompts,
                                        std::uint64_t seed);

}  // namespace gramian
