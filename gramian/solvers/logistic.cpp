#include "gramian/solvers/logistic.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"

namespace gramian {
namespace {

double inner(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// log(1 + e^x), for any x.
double log_one_plus_exp(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

// 1 / (1 + e^x).
double falling_sigmoid(double x) {
  return x > 0 ? std::exp(-x) / (1 + std::exp(-x)) : 1 / (1 + std::exp(x));
}

}  // namespace

Expected<LogisticRegression> LogisticRegression::create(std::vector<double> inputs,
                                                        std::vector<double> labels, double mu) {
  if (labels.empty() || inputs.empty() || inputs.size() % labels.size() != 0) {
    return fail(ErrorKind::config, "{} labels do not fit {} numbers of inputs: these must be n x d",
                labels.size(), inputs.size());
  }
  if (!(mu > 0) || !std::isfinite(mu))
    return fail(ErrorKind::config, "mu must be positive and finite, got {}", mu);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == 1 || labels[i] == -1) continue;
    return fail(ErrorKind::config, "label {} must be 1 or -1, got {}", i, labels[i]);
  }
  if (!std::ranges::all_of(inputs, [](double x) { return std::isfinite(x); }))
    return fail(ErrorKind::numeric, "the inputs have a number that is not finite");
  return LogisticRegression(std::move(inputs), std::move(labels), mu);
}

double LogisticRegression::loss(std::span<const double> w) const {
  GRAMIAN_ASSERT(w.size() == d());
  double sum = 0;
  for (std::size_t i = 0; i < n(); ++i) sum += log_one_plus_exp(-labels_[i] * inner(w, input(i)));
  return sum / static_cast<double>(n()) + mu_ / 2 * inner(w, w);
}

std::vector<double> LogisticRegression::gradient(std::span<const double> w) const {
  GRAMIAN_ASSERT(w.size() == d());
  std::vector<double> g(w.begin(), w.end());
  for (double& number : g) number *= mu_;
  for (std::size_t i = 0; i < n(); ++i) {
    const double p = falling_sigmoid(labels_[i] * inner(w, input(i)));
    for (std::size_t k = 0; k < d(); ++k)
      g[k] -= labels_[i] * p * input(i)[k] / static_cast<double>(n());
  }
  return g;
}

std::vector<double> LogisticRegression::hessian(std::span<const double> w) const {
  GRAMIAN_ASSERT(w.size() == d());
  std::vector<double> h(d() * d());
  for (std::size_t k = 0; k < d(); ++k) h[k * d() + k] = mu_;
  for (std::size_t i = 0; i < n(); ++i) {
    const double t = inner(w, input(i));
    const double weight = falling_sigmoid(t) * falling_sigmoid(-t) / static_cast<double>(n());
    for (std::size_t k = 0; k < d(); ++k) {
      for (std::size_t j = 0; j < d(); ++j) h[k * d() + j] += weight * input(i)[k] * input(i)[j];
    }
  }
  return h;
}

LogisticRegression::Step LogisticRegression::damped_newton_step(std::span<const double> w) const {
  const auto size = static_cast<Eigen::Index>(d());
  const std::vector<double> h = hessian(w), g = gradient(w);
  Eigen::MatrixXd matrix(size, size);
  for (Eigen::Index i = 0; i < size; ++i) {
    for (Eigen::Index j = 0; j < size; ++j)
      matrix(i, j) = h[static_cast<std::size_t>(i * size + j)];
  }
  const Eigen::VectorXd slope = Eigen::Map<const Eigen::VectorXd>(g.data(), size);
  const Eigen::LLT<Eigen::MatrixXd> factor(matrix);
  const Eigen::VectorXd direction = factor.solve(slope);
  const double decrement = std::sqrt(std::max(0.0, slope.dot(direction)));
  const double damping = 2 * std::sqrt(mu_) / (2 * std::sqrt(mu_) + decrement);
  Step step{.w = {w.begin(), w.end()}, .decrement = decrement};
  for (std::size_t k = 0; k < d(); ++k)
    step.w[k] -= damping * direction(static_cast<Eigen::Index>(k));
  return step;
}

LogisticPath LogisticRegression::damped_newton(int most, double tolerance) const {
  LogisticPath path{.w = {std::vector<double>(d())}};
  path.loss.push_back(loss(path.w.back()));
  for (int t = 0; t <= most; ++t) {
    Step step = damped_newton_step(path.w.back());
    path.decrement.push_back(step.decrement);
    if (t == most || step.decrement < tolerance) break;
    path.loss.push_back(loss(step.w));
    path.w.push_back(std::move(step.w));
  }
  return path;
}

LogisticPath LogisticRegression::gradient_descent(int steps) const {
  const double trace = inner(inputs_, inputs_) / static_cast<double>(n());
  const double size = 1 / (mu_ + trace / 4);
  LogisticPath path{.w = {std::vector<double>(d())}};
  path.loss.push_back(loss(path.w.back()));
  for (int t = 0; t < steps; ++t) {
    std::vector<double> w = path.w.back();
    const std::vector<double> g = gradient(w);
    for (std::size_t k = 0; k < d(); ++k) w[k] -= size * g[k];
    path.loss.push_back(loss(w));
    path.w.push_back(std::move(w));
  }
  return path;
}

}  // namespace gramian
