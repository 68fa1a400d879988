#include "gramian/training/gauss_newton.h"

#include <algorithm>
#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"

namespace gramian {

struct GaussNewton::Workspace {
  explicit Workspace(Eigen::Index n) : scaled(n, n), scale(n), right(n), delta(n), factor(n) {}
  Eigen::MatrixXd scaled;  // diag^-1/2 C diag^-1/2 + damping
  Eigen::VectorXd scale, right, delta;
  Eigen::LDLT<Eigen::MatrixXd> factor;
};

GaussNewton::GaussNewton(std::size_t parameters)
    : workspace_(std::make_unique<Workspace>(static_cast<Eigen::Index>(parameters))) {}

GaussNewton::~GaussNewton() = default;

void GaussNewton::step(const GaussNewtonSpec& spec, double beta1, double height, double error,
                       const std::vector<double>& gradient, const std::vector<double>& sample,
                       GaussNewtonState& state, std::vector<double>& theta) {
  auto& [scaled, scale, right, delta, factor] = *workspace_;
  const std::size_t n = theta.size();
  GRAMIAN_ASSERT(static_cast<std::size_t>(scale.size()) == n && gradient.size() == n);
  GRAMIAN_ASSERT(sample.size() == n * n && state.curvature.size() == n * n);
  GRAMIAN_ASSERT(state.momentum.size() == n);
  const auto index = [](std::size_t i) { return static_cast<Eigen::Index>(i); };
  const double before = static_cast<double>(state.step);
  // The first samples are averaged: C is never pulled towards zero.
  const double memory = std::min(spec.memory, before / (before + 1));
  state.step += 1;
  for (std::size_t i = 0; i < n * n; ++i)
    state.curvature[i] += (1 - memory) * (sample[i] - state.curvature[i]);
  const double unbias = 1 / (1 - std::pow(beta1, static_cast<double>(state.step)));
  for (std::size_t i = 0; i < n; ++i) {
    state.momentum[i] += (1 - beta1) * (gradient[i] - state.momentum[i]);
    // A parameter without influence (omega_xx of the last layer) has no curvature and stays.
    const double diagonal = state.curvature[i * n + i];
    scale(index(i)) = diagonal > 0 ? 1 / std::sqrt(diagonal) : 0;
    right(index(i)) = scale(index(i)) * state.momentum[i] * unbias;
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      scaled(index(i), index(j)) = scale(index(i)) * state.curvature[i * n + j] * scale(index(j)) +
                                   (i == j ? spec.damping : 0);
    }
  }
  factor.compute(scaled);
  delta = factor.solve(right);
  double change = 0;  // delta^T C delta, in the scaled coordinates
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      const double c = scaled(index(i), index(j)) - (i == j ? spec.damping : 0);
      change += delta(index(i)) * c * delta(index(j));
    }
  }
  double length = spec.rate * height;
  const double bound = spec.trust * height * error;
  change = length * std::sqrt(std::max(change, 0.0));
  if (change > bound) length *= bound / change;
  for (std::size_t i = 0; i < n; ++i) theta[i] -= length * scale(index(i)) * delta(index(i));
}

}  // namespace gramian
