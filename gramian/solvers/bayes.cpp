#include "gramian/solvers/bayes.h"

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

// rss is a difference of numbers of size y^T y, so the Gram matrix cannot tell apart
// noise variances below about 1e-15 y^T y. Above that floor, with room for the
// conditioning of Sigma, noise-free prompts are recognised and noisy ones are not.
constexpr double kFloor = 1e-12;

constexpr std::size_t kFactors = 10;   // factors of a product that stay in the range of a double
constexpr double kNegligible = -40.0;  // log of a posterior weight beside the largest

}  // namespace

Bayes::Bayes(const NoisePrior& prior, int n) {
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

void Bayes::add_node(double sigma, double weight) {
  sigma2_.push_back(sigma * sigma);
  log_sigma2_.push_back(2 * std::log(sigma));
  log_weight_.push_back(std::log(weight));
}

void Bayes::solve(const Spectrum& prompt, std::span<double> coordinates) const {
  GRAMIAN_ASSERT(coordinates.size() == static_cast<std::size_t>(prompt.d));
  const std::size_t count = nodes();
  const auto d = static_cast<std::size_t>(prompt.d);
  const std::size_t null_space =
      d - static_cast<std::size_t>(prompt.rank);  // eigenvalues ascend: zeros come first
  const double floor = std::max(kFloor * prompt.yy / prompt.n, std::numeric_limits<double>::min());
  const double log_floor = std::log(floor);
  const double freedom = prompt.n - prompt.rank;

  // -2 log posterior, first the sums over eigenvalues, nodes innermost (they vectorise).
  std::vector<double> variance(count), posterior(count), product(count, 1.0);
  for (std::size_t q = 0; q < count; ++q) {
    variance[q] = std::max(sigma2_[q], floor);
    posterior[q] = prompt.rss / variance[q] + freedom * std::max(log_sigma2_[q], log_floor) -
                   2 * log_weight_[q];
  }
  for (std::size_t i = null_space; i < d; ++i) {
    const double l = prompt.eigenvalues[i];
    const double energy = prompt.moments[i] * prompt.moments[i] / l;
    for (std::size_t q = 0; q < count; ++q) {
      product[q] *= l + variance[q];
      posterior[q] += energy / (l + variance[q]);
    }
    if ((i + 1 - null_space) % kFactors == 0 || i + 1 == d) {
      for (std::size_t q = 0; q < count; ++q) {
        posterior[q] += std::log(product[q]);
        product[q] = 1;
      }
    }
  }

  // Weights relative to the largest; almost all are negligible.
  const double least = *std::min_element(posterior.begin(), posterior.end());
  double total = 0;
  std::size_t first = count, last = 0;
  for (std::size_t q = 0; q < count; ++q) {
    const double log_ratio = (least - posterior[q]) / 2;
    posterior[q] = log_ratio > kNegligible ? std::exp(log_ratio) : 0.0;
    total += posterior[q];
    if (posterior[q] > 0) {
      first = std::min(first, q);
      last = q + 1;
    }
  }
  for (std::size_t i = 0; i < null_space; ++i) coordinates[i] = 0;
  for (std::size_t i = null_space; i < d; ++i) {
    double filter = 0;
    for (std::size_t q = first; q < last; ++q)
      filter += posterior[q] / (prompt.eigenvalues[i] + sigma2_[q]);
    coordinates[i] = prompt.moments[i] * (filter / total);
  }
}

}  // namespace gramian
