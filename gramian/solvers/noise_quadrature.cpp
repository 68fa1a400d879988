#include "gramian/solvers/noise_quadrature.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "gramian/base/assert.h"

namespace gramian {
namespace {

// The positive half of the 8-point Gauss-Legendre rule on [-1, 1].
constexpr std::array<double, 4> kAbscissas = {0.18343464249564980494, 0.52553240991632898582,
                                              0.79666647741362673959, 0.96028985649753623168};
constexpr std::array<double, 4> kWeights = {0.36268378337836198297, 0.31370664587788728734,
                                            0.22238103445337447054, 0.10122853629037625915};

constexpr double kSmallest = 1e-7;  // of an interval's upper end: below, one node
constexpr double kFloor = 1e-12;    // of y^T y / n

}  // namespace

NoiseQuadrature::NoiseQuadrature(const NoisePrior& prior, int n) {
  GRAMIAN_ASSERT(n >= 1);
  const double panel_width = std::min(1.0, 2 / std::sqrt(2.0 * n));
  for (const auto& [low, high, weight] : prior.components()) {
    if (low == high) {
      add_node(low, weight);
      continue;
    }
    const double density = weight / (high - low);
    const double bottom = std::max(low, kSmallest * high);
    if (bottom > low) add_node((low + bottom) / 2, (bottom - low) * density);

    const double span = std::log(high / bottom);
    const int panels = std::clamp(static_cast<int>(std::ceil(span / panel_width)), 1, kMaxPanels);
    const double half = span / panels / 2;
    for (int panel = 0; panel < panels; ++panel) {
      const double centre = std::log(bottom) + (2 * panel + 1) * half;
      for (int k = -4; k < 4; ++k) {
        const auto pair = static_cast<std::size_t>(k < 0 ? -k - 1 : k);
        const double sigma = std::exp(centre + (k < 0 ? -half : half) * kAbscissas[pair]);
        add_node(sigma, kWeights[pair] * half * sigma * density);  // d sigma = sigma d log sigma
      }
    }
  }
}

void NoiseQuadrature::add_node(double sigma, double weight) {
  sigma2.push_back(sigma * sigma);
  log_sigma2.push_back(2 * std::log(sigma));
  log_weight.push_back(std::log(weight));
}

double noise_floor(double yy, int n) {
  return std::max(kFloor * yy / n, std::numeric_limits<double>::min());
}

}  // namespace gramian
