#include "gramian/solvers/bayes.h"

#include <algorithm>
#include <cmath>

#include "gramian/base/assert.h"

namespace gramian {
namespace {

constexpr std::size_t kFactors = 10;   // factors of a product that stay in the range of a double
constexpr double kNegligible = -40.0;  // log of a posterior weight beside the largest

}  // namespace

void Bayes::solve(const Spectrum& prompt, std::span<double> coordinates) const {
  GRAMIAN_ASSERT(coordinates.size() == static_cast<std::size_t>(prompt.d));
  const std::size_t count = nodes();
  const auto d = static_cast<std::size_t>(prompt.d);
  const std::size_t null_space =
      d - static_cast<std::size_t>(prompt.rank);  // eigenvalues ascend: zeros come first
  const auto& [sigma2, log_sigma2, log_weight] = nodes_;
  const double floor = noise_floor(prompt.yy, prompt.n);
  const double log_floor = std::log(floor);
  const double freedom = prompt.n - prompt.rank;

  // -2 log posterior, first the sums over eigenvalues, nodes innermost (they vectorise).
  std::vector<double> variance(count), posterior(count), product(count, 1.0);
  for (std::size_t q = 0; q < count; ++q) {
    variance[q] = std::max(sigma2[q], floor);
    posterior[q] =
        prompt.rss / variance[q] + freedom * std::max(log_sigma2[q], log_floor) - 2 * log_weight[q];
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
      filter += posterior[q] / (prompt.eigenvalues[i] + sigma2[q]);
    coordinates[i] = prompt.moments[i] * (filter / total);
  }
}

}  // namespace gramian
