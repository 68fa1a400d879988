#include "gramian/solvers/conjugate_gradients.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "gramian/base/assert.h"
#include "gramian/solvers/tune.h"

namespace gramian {

std::vector<Solver::Constant> ConjugateGradients::constants() const {
  std::vector<Constant> list{{"steps", static_cast<double>(steps_)}};
  if (tuned_) list.push_back({"sigma2", sigma2_});
  return list;
}

void ConjugateGradients::set_constants(std::span<const double> values) {
  GRAMIAN_ASSERT(values.size() == (tuned_ ? 2u : 1u));
  if (tuned_) sigma2_ = values[1];
}

void ConjugateGradients::tune(const SpectrumBatch& prompts) {
  if (!tuned_) return;
  const double noise = mean_square_noise(prompts);
  const auto objective = [&](double s) {
    sigma2_ = s;
    return mean_loss(*this, prompts);
  };
  sigma2_ = minimise_scale(objective, 1e-3 * noise, 1e3 * noise);
}

void ConjugateGradients::solve(const Spectrum& prompt, std::span<double> coordinates) const {
  GRAMIAN_ASSERT(coordinates.size() == static_cast<std::size_t>(prompt.d));
  const std::size_t d = coordinates.size();
  std::fill(coordinates.begin(), coordinates.end(), 0.0);
  std::vector<double> residual(prompt.moments.begin(), prompt.moments.end()), direction = residual;
  const auto square = [](const std::vector<double>& v) {
    return std::inner_product(v.begin(), v.end(), v.begin(), 0.0);
  };
  double energy = square(residual);
  // Below this the residual is rounding, and further directions are noise.
  const double converged =
      energy * std::numeric_limits<double>::epsilon() * std::numeric_limits<double>::epsilon();
  for (int k = 0; k < steps_ && energy > converged; ++k) {
    double curvature = 0;
    for (std::size_t i = 0; i < d; ++i)
      curvature += (prompt.eigenvalues[i] + sigma2_) * direction[i] * direction[i];
    const double step = energy / curvature;
    for (std::size_t i = 0; i < d; ++i) {
      coordinates[i] += step * direction[i];
      residual[i] -= step * (prompt.eigenvalues[i] + sigma2_) * direction[i];
    }
    const double before = energy;
    energy = square(residual);
    for (std::size_t i = 0; i < d; ++i) direction[i] = residual[i] + energy / before * direction[i];
  }
}

}  // namespace gramian
