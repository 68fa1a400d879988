#include "gramian/solvers/gradient_descent.h"

#include <bit>

#include "gramian/base/assert.h"
#include "gramian/solvers/tune.h"

namespace gramian {
namespace {

// 1 + r + ... + r^(terms - 1) by doubling: without the cancellation of
// (1 - r^terms) / (1 - r), and defined for r = 1.
double geometric_sum(double r, unsigned terms) {
  double sum = 0;
  double power = 1;  // r^k, where sum has k terms
  for (unsigned bit = std::bit_floor(terms); bit != 0; bit >>= 1) {
    sum += power * sum;
    power *= power;
    if (terms & bit) {
      sum = sum * r + 1;
      power *= r;
    }
  }
  return sum;
}

}  // namespace

std::vector<Solver::Constant> GradientDescent::constants() const {
  return {{"steps", static_cast<double>(steps_)}, {"step_size", step_size_}};
}

void GradientDescent::set_constants(std::span<const double> values) {
  GRAMIAN_ASSERT(values.size() == 2);
  step_size_ = values[1];
}

void GradientDescent::tune(const SpectrumBatch& prompts) {
  const auto objective = [&](double eta) {
    step_size_ = eta;
    return mean_loss(*this, prompts);
  };
  const auto [low, high] = step_size_range(prompts, steps_);
  step_size_ = minimise_scale(objective, low, high);
}

void GradientDescent::solve(const Spectrum& prompt, std::span<double> coordinates) const {
  GRAMIAN_ASSERT(coordinates.size() == static_cast<std::size_t>(prompt.d));
  const auto steps = static_cast<unsigned>(steps_);
  for (std::size_t i = 0; i < coordinates.size(); ++i) {
    coordinates[i] = prompt.moments[i] * step_size_ *
                     geometric_sum(1 - step_size_ * prompt.eigenvalues[i], steps);
  }
}

}  // namespace gramian
