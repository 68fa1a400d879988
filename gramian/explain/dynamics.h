// What a layer does to the implicit weights w of a prompt: step, momentum and shrinkage, at each
// noise level; and the noise level that can be inferred from what the layer sees.
//
// Two forms of the change of w are read. The first is that of Lemma 4.3. A layer moves w along
// M^T alpha^l, where alpha^l = (M + u w*^T) g + a rho u is what it sees of the targets:
//
//     w' - w  ~  pull M^T alpha^l - shrinkage w,     g = S (a w* - w)
//
// In a diagonal network this is exact, with pull = -omega_yx and shrinkage = -omega_yy lambda^l
// (Lemma 4.4). In a full one both are fitted by least squares for each prompt, in the metric of the
// loss. g is minus the gradient of the mean of 1/2 (a y_i - <w, x_i>)^2. With C and D the parts of
// the change that come from g and from u,
//
//     step = pull <g, M^T (M + u w*^T) g> / <g, g>
//     momentum share = |D| / (|C| + |D| + |shrinkage w|)
//
// The second form ("plain") is fitted for every network:
//
//     w' - w  ~  step g + momentum (w - w_before) - shrinkage w
//
// R^2 is the share of |w' - w|^2 that a form explains. Layer 1 starts at w = 0 and has no
// shrinkage; in layer 2 the last change is w itself, so that momentum cannot be told from
// shrinkage. Steps are for means over the context (G/n), whatever the scale of the network.
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
  std::optional<Quantiles> step, shrinkage, momentum_share, r2;  // as layers work
  std::optional<Quantiles> plain_step, plain_momentum, plain_shrinkage, plain_r2;
  std::optional<Quantiles> gradient_r2;  // of the gradient alone
  std::optional<Quantiles> size;         // |w'| / |w|, from layer 2 on
  std::optional<Quantiles> left;         // a after the layer: what is left of y
};

// [layers][sigmas], on the same prompts but for the noise.
std::vector<std::vector<Reading>> read_layers(const RegressionTask& task, const Network& network,
                                              const std::vector<double>& sigmas,
                                              std::size_t prompts, std::uint64_t seed);

// A linear probe: sigma by least squares from 1 and
//
//     sqrt(lambda^l), |alpha^l|, sqrt(tr S^l), sqrt(|S^l|)     of G^l / n
//
// which are the rotation-invariant numbers that one layer can form of the G^l that layer l + 1
// sees. R^2 and error are those on prompts that were not fitted.
struct NoiseProbe {
  double r2 = 0;
  double r2_error = 0;  // its standard error over the prompts that were not fitted
  double error = 0;     // root mean square, in units of sigma
};

struct NoiseReadings {
  std::vector<NoiseProbe> layers;  // before the first layer and after each but the last: L
  NoiseProbe residuals;  // the same with sqrt(rss / n) of least squares in place of the four
};

// Nothing where all prompts have one noise level.
std::optional<NoiseReadings> read_noise(const RegressionTask& task, const Network& network,
                                        std::size_t prompts, std::uint64_t seed);

}  // namespace gramian
