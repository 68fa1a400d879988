// Regularised logistic regression of one prompt, and iterations that solve it.
//
//     f(w) = 1/n sum_i log(1 + exp(-y_i <w, a_i>)) + mu/2 |w|^2,     y_i = +-1, mu > 0
//     g    = grad f = -1/n sum_i y_i p_i a_i + mu w,    p_i = 1 / (1 + exp(y_i <w, a_i>))
//     H    = Hessian = 1/n sum_i p_i (1 - p_i) a_i a_i^T + mu I
//
// Damped Newton (Nesterov and Nemirovskii): f is self-concordant with the constant 1 / sqrt(mu)
// where |a_i| <= 1, and
//
//     w' = w - 2 sqrt(mu) / (2 sqrt(mu) + lambda) H^-1 g,     lambda^2 = g^T H^-1 g
//
// decreases f at every step and is quadratic in the end (Giannou et al. 2024, section 5). Gradient
// descent has the step 1 / (mu + l/4), l the trace of 1/n sum a a^T.
//
// Shapes: inputs [n, d] row-major, labels [n], w [d]. Errors: create() below. Cost: n d^2 + d^3 a
// step.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "gramian/base/error.h"

namespace gramian {

// Iterates w_0 = 0, w_1, .. of a solver, with f at each.
struct LogisticPath {
  std::vector<std::vector<double>> w = {};
  std::vector<double> loss = {};
  std::vector<double> decrement = {};  // lambda at each w; of damped Newton alone
};

class LogisticRegression {
 public:
  // Errors: config for sizes that do not fit, labels that are neither 1 nor -1, and mu that is not
  // positive; numeric for inputs that are not finite.
  static Expected<LogisticRegression> create(std::vector<double> inputs, std::vector<double> labels,
                                             double mu);

  std::size_t n() const { return labels_.size(); }
  std::size_t d() const { return inputs_.size() / labels_.size(); }
  double mu() const { return mu_; }

  // Require: w has d numbers (asserted).
  double loss(std::span<const double> w) const;
  std::vector<double> gradient(std::span<const double> w) const;
  std::vector<double> hessian(std::span<const double> w) const;  // [d, d]

  // One damped step from w, and lambda there.
  struct Step {
    std::vector<double> w;
    double decrement = 0;
  };
  Step damped_newton_step(std::span<const double> w) const;

  // From 0, until lambda is below `tolerance` or after `most` steps. lambda^2 / 2 is about what is
  // left of f, so that 1e-10 leaves only rounding.
  LogisticPath damped_newton(int most, double tolerance = 1e-10) const;
  LogisticPath gradient_descent(int steps) const;

 private:
  LogisticRegression(std::vector<double> inputs, std::vector<double> labels, double mu)
      : inputs_(std::move(inputs)), labels_(std::move(labels)), mu_(mu) {}
  std::span<const double> input(std::size_t i) const {
    return std::span(inputs_).subspan(i * d(), d());
  }

  std::vector<double> inputs_, labels_;
  double mu_;
};

}  // namespace gramian
