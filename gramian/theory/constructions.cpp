#include "gramian/theory/constructions.h"

#include <cmath>

#include "gramian/base/assert.h"

namespace gramian {

Network network_of(std::span<const Omega> layers, int d, ContextScale scale) {
  GRAMIAN_ASSERT(!layers.empty() && d >= 1);
  Network network{{.kind = Parametrisation::diag,
                   .d = d,
                   .layers = static_cast<int>(layers.size()),
                   .context_scale = scale},
                  {}};
  for (const Omega& omega : layers) {
    network.theta.insert(network.theta.end(), {omega.xx, omega.xy, omega.yx, omega.yy});
  }
  return network;
}

namespace constructions {

std::vector<Omega> gradient_descent(int steps, double step) {
  GRAMIAN_ASSERT(steps >= 0);
  return std::vector<Omega>(static_cast<std::size_t>(steps), Omega{.yx = -step});
}

std::vector<Omega> corrected_descent(std::span<const CorrectedStep> layers) {
  std::vector<Omega> list;
  for (const auto& [step, curvature] : layers) list.push_back({.xx = -curvature, .yx = -step});
  return list;
}

Expected<std::vector<Omega>> second_order(double mu, double nu, double epsilon) {
  if (!(mu > 0 && nu >= mu && std::isfinite(nu))) {
    return fail(ErrorKind::numeric,
                "eigenvalues must be in [mu, nu] with 0 < mu <= nu, got [{}, {}]", mu, nu);
  }
  if (!(epsilon >= kLeastPrecision)) {
    return fail(ErrorKind::numeric, "epsilon must be >= {}, got {}", kLeastPrecision, epsilon);
  }
  std::vector<Omega> list;
  while (nu > (1 + epsilon) * mu) {
    const double curvature = 1 / (3 * nu);
    list.push_back({.xx = -curvature});
    // l -> l (1 - curvature l)^2 grows on [0, nu], so the ends stay the ends.
    mu *= (1 - curvature * mu) * (1 - curvature * mu);
    nu *= 4.0 / 9;
  }
  list.push_back({.yx = -1 / mu});
  return list;
}

double corrected_condition(double kappa) {
  GRAMIAN_ASSERT(kappa >= 1);
  const double least = 1 - 1 / (3 * kappa);
  return kappa * (4.0 / 9) / (least * least);
}

std::vector<Omega> momentum(std::span<const MomentumStep> layers) {
  std::vector<Omega> list;
  for (const auto& [step, gathering] : layers) list.push_back({.xy = gathering, .yx = -step});
  return list;
}

std::vector<Omega> adaptive_ridge(int layers, double step, double penalty) {
  GRAMIAN_ASSERT(layers >= 0);
  return momentum(
      std::vector<MomentumStep>(static_cast<std::size_t>(layers), {step, -step * penalty}));
}

std::vector<Omega> polynomial(std::span<const double> c, double step, double rho) {
  GRAMIAN_ASSERT(rho != 0);
  std::vector<MomentumStep> layers;
  double before = 1;
  for (const double coefficient : c) {
    GRAMIAN_ASSERT(coefficient != 0);
    const double ratio = coefficient / before;
    layers.push_back({.step = step * ratio, .gathering = (ratio - 1) / rho});
    before = coefficient;
  }
  return momentum(layers);
}

// Polynomials in t = 1 - step l, in units of step: v' = momentum v + 1 - (1 - t) w, w' = w + v'.
std::vector<double> heavy_ball_polynomial(int steps, double momentum) {
  GRAMIAN_ASSERT(steps >= 0 && momentum >= 0);
  const auto size = static_cast<std::size_t>(steps);
  std::vector<double> v(size), w(size);
  for (std::size_t k = 0; k < size; ++k) {
    for (std::size_t i = 0; i < size; ++i)
      v[i] = momentum * v[i] - w[i] + (i == 0 ? 1.0 : w[i - 1]);
    for (std::size_t i = 0; i < size; ++i) w[i] += v[i];
  }
  return w;
}

std::vector<Omega> two_noise_levels(double sigma1, double sigma2, int n) {
  GRAMIAN_ASSERT(n >= 1);
  const double s1 = sigma1 * sigma1, s2 = sigma2 * sigma2;
  return {{.yx = -(1 + s1 + s2) / ((1 + s1) * (1 + s2))}, {.yy = -1 / ((1 + s1 + s2) * n)}};
}

std::vector<Omega> shrunk_step(double step, double shrinkage) {
  return {{.yx = -step}, {.yy = -shrinkage}};
}

std::vector<Omega> noise_dependent_step(double step, double adaptation) {
  return {{.xy = -adaptation}, {.yx = -step}};
}

}  // namespace constructions
}  // namespace gramian
