#include "gramian/solvers/corrected_descent.h"

#include "gramian/base/assert.h"
#include "gramian/solvers/tune.h"

namespace gramian {

std::vector<Solver::Constant> CorrectedDescent::constants() const {
  return {{"steps", static_cast<double>(steps_)},
          {"step_size", step_size_},
          {"correction", correction_}};
}

void CorrectedDescent::set_constants(std::span<const double> values) {
  GRAMIAN_ASSERT(values.size() == 3);
  step_size_ = values[1];
  correction_ = values[2];
}

void CorrectedDescent::tune(const SpectrumBatch& prompts) {
  // In units of the largest step, since both multiply eigenvalues. The theory's is 1 / (3 l_max).
  constexpr double kCorrections[] = {0, 0.03, 0.1, 0.2, 0.33};
  const ScaleRange range = step_size_range(prompts, steps_);
  const double unit = range.high / 4;
  const auto objective = [&](double eta, double gamma) {
    step_size_ = eta;
    correction_ = unit * gamma;
    return mean_loss(*this, prompts);
  };
  const auto starts = steps_ > 1 ? std::span(kCorrections) : std::span(kCorrections).first(1);
  const auto [eta, gamma] = minimise_pair(objective, range, starts, 0.03);
  step_size_ = eta;
  correction_ = steps_ > 1 ? unit * gamma : 0;
}

void CorrectedDescent::solve(const Spectrum& prompt, std::span<double> coordinates) const {
  GRAMIAN_ASSERT(coordinates.size() == static_cast<std::size_t>(prompt.d));
  for (std::size_t i = 0; i < coordinates.size(); ++i) {
    const double l = prompt.eigenvalues[i], b = prompt.moments[i];
    double w = 0, m = 1;
    for (int k = 0; k < steps_; ++k) {
      w += step_size_ * m * m * (b - l * w);
      m *= 1 - correction_ * l * m * m;
    }
    coordinates[i] = w;
  }
}

}  // namespace gramian
