#include "gramian/solvers/heavy_ball.h"

#include "gramian/base/assert.h"
#include "gramian/solvers/tune.h"

namespace gramian {

std::vector<Solver::Constant> HeavyBall::constants() const {
  return {
      {"steps", static_cast<double>(steps_)}, {"step_size", step_size_}, {"momentum", momentum_}};
}

void HeavyBall::set_constants(std::span<const double> values) {
  GRAMIAN_ASSERT(values.size() == 3);
  step_size_ = values[1];
  momentum_ = values[2];
}

void HeavyBall::tune(const SpectrumBatch& prompts) {
  constexpr double kMomenta[] = {0, 0.3, 0.6};
  const auto objective = [&](double eta, double beta) {
    step_size_ = eta;
    momentum_ = beta;
    return mean_loss(*this, prompts);
  };
  const auto starts = steps_ > 1 ? std::span(kMomenta) : std::span(kMomenta).first(1);
  const auto [eta, beta] = minimise_pair(objective, step_size_range(prompts, steps_), starts, 0.1);
  step_size_ = eta;
  momentum_ = steps_ > 1 ? beta : 0;
}

void HeavyBall::solve(const Spectrum& prompt, std::span<double> coordinates) const {
  GRAMIAN_ASSERT(coordinates.size() == static_cast<std::size_t>(prompt.d));
  for (std::size_t i = 0; i < coordinates.size(); ++i) {
    const double l = prompt.eigenvalues[i], b = prompt.moments[i];
    double w = 0, v = 0;
    for (int k = 0; k < steps_; ++k) {
      v = momentum_ * v + (b - l * w);
      w += step_size_ * v;
    }
    coordinates[i] = w;
  }
}

}  // namespace gramian
