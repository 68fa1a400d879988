#include "gramian/solvers/ridge.h"

#include <algorithm>

#include "gramian/base/assert.h"
#include "gramian/solvers/tune.h"

namespace gramian {
namespace {

Status needs_residuals(int n, int d) {
  if (n > d) return {};
  return fail(ErrorKind::config,
              "n - d = {} residual degrees of freedom, needs >= 1 (n = {}, d = {})", n - d, n, d);
}

double estimated_noise(const Spectrum& prompt) { return prompt.rss / (prompt.n - prompt.d); }

}  // namespace

void Ridge::solve(const Spectrum& prompt, std::span<double> coordinates) const {
  GRAMIAN_ASSERT(coordinates.size() == static_cast<std::size_t>(prompt.d));
  const double s = penalty(prompt);
  for (std::size_t i = 0; i < coordinates.size(); ++i) {
    const double l = prompt.eigenvalues[i];
    coordinates[i] = l > 0 ? prompt.moments[i] / (l + s) : 0.0;
  }
}

void ConstantRidge::tune(const SpectrumBatch& prompts) {
  const double noise = mean_square_noise(prompts);
  const auto objective = [&](double s) {
    sigma2_ = s;
    return mean_loss(*this, prompts);
  };
  sigma2_ = minimise_scale(objective, 1e-3 * noise, 1e3 * noise);
}

void ConstantRidge::set_constants(std::span<const double> values) {
  GRAMIAN_ASSERT(values.size() == 1);
  sigma2_ = values[0];
}

Status AdaptiveRidge::applicable(int n, int d) const { return needs_residuals(n, d); }
double AdaptiveRidge::penalty(const Spectrum& prompt) const { return estimated_noise(prompt); }

Status TunedRidge::applicable(int n, int d) const { return needs_residuals(n, d); }
double TunedRidge::penalty(const Spectrum& prompt) const {
  return std::min(factor_ * estimated_noise(prompt), ceiling_);
}

void TunedRidge::set_constants(std::span<const double> values) {
  GRAMIAN_ASSERT(values.size() == 2);
  factor_ = values[0];
  ceiling_ = values[1];
}

// Tunes one constant at a time, each round in a narrower bracket. Near the optimum the two hardly
// interact: c matters on prompts with little noise, T on those with much.
void TunedRidge::tune(const SpectrumBatch& prompts) {
  const auto with_factor = [&](double c) {
    factor_ = c;
    return mean_loss(*this, prompts);
  };
  const auto with_ceiling = [&](double t) {
    ceiling_ = t;
    return mean_loss(*this, prompts);
  };
  const double noise = mean_square_noise(prompts);
  ceiling_ = std::numeric_limits<double>::infinity();
  factor_ = minimise_scale(with_factor, 1e-2, 1e2);
  ceiling_ = minimise_scale(with_ceiling, 1e-3 * noise, 1e3 * noise);
  constexpr int kRounds = 6;
  for (int round = 0; round < kRounds; ++round) {
    factor_ = minimise_scale(with_factor, factor_ / 2, factor_ * 2);
    ceiling_ = minimise_scale(with_ceiling, ceiling_ / 2, ceiling_ * 2);
  }
}

}  // namespace gramian
