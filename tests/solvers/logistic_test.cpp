// Damped Newton on regularised logistic regression.
#include "gramian/solvers/logistic.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/support/errors.h"

namespace gramian::test {
namespace {

// Inputs of unit length and labels by a noisy sign.
LogisticRegression logistic_problem(std::size_t n, std::size_t d, double mu, unsigned seed) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  std::vector<double> w(d), inputs, labels;
  for (double& number : w) number = normal(generator);
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<double> a(d);
    double squares = 0, t = 0;
    for (double& number : a) {
      number = normal(generator);
      squares += number * number;
    }
    for (std::size_t k = 0; k < d; ++k) {
      a[k] /= std::sqrt(squares);
      t += w[k] * a[k];
    }
    inputs.insert(inputs.end(), a.begin(), a.end());
    labels.push_back(t + 0.3 * normal(generator) > 0 ? 1 : -1);
  }
  return LogisticRegression::create(std::move(inputs), std::move(labels), mu).value();
}

TEST(LogisticRegression, GradientAndHessianAreDerivatives) {
  const LogisticRegression f = logistic_problem(12, 3, 0.1, 1);
  const std::vector<double> w{0.5, -1, 2};
  const double h = 1e-5;
  const auto gradient = f.gradient(w);
  const auto hessian = f.hessian(w);
  for (std::size_t k = 0; k < 3; ++k) {
    auto up = w, down = w;
    up[k] += h;
    down[k] -= h;
    EXPECT_NEAR((f.loss(up) - f.loss(down)) / (2 * h), gradient[k], 1e-9);
    const auto gradient_up = f.gradient(up), gradient_down = f.gradient(down);
    for (std::size_t j = 0; j < 3; ++j)
      EXPECT_NEAR((gradient_up[j] - gradient_down[j]) / (2 * h), hessian[k * 3 + j], 1e-9);
  }
  // Far away nothing overflows.
  EXPECT_TRUE(std::isfinite(f.loss(std::vector<double>{1e4, 1e4, -1e4})));
  EXPECT_TRUE(std::isfinite(f.gradient(std::vector<double>{1e4, 1e4, -1e4})[0]));
}

// Theorem 5.4: f falls at every step, and lambda is quadratic in the end; the minimum is one.
TEST(LogisticRegression, DampedNewtonFallsAndIsQuadraticInTheEnd) {
  for (const double mu : {0.1, 0.01}) {
    const LogisticRegression f = logistic_problem(26, 5, mu, 2);
    const LogisticPath path = f.damped_newton(40);
    EXPECT_NEAR(path.loss.front(), std::log(2.0), 1e-15);
    ASSERT_LT(path.decrement.back(), 1e-10);
    for (std::size_t t = 0; t + 1 < path.loss.size(); ++t)
      EXPECT_LE(path.loss[t + 1], path.loss[t] + 1e-15);
    // Of the normalised decrement l = lambda / (2 sqrt(mu)) a damped step leaves at most 2 l^2 for
    // the function f / (4 mu); the constant of the proof is for l < 1/4.
    for (std::size_t t = 0; t + 1 < path.decrement.size(); ++t) {
      const double l = path.decrement[t] / (2 * std::sqrt(mu));
      if (l > 0.25 || path.decrement[t + 1] < 1e-9) continue;
      EXPECT_LE(path.decrement[t + 1] / (2 * std::sqrt(mu)), 2 * l * l);
    }
    double slope = 0;
    for (const double g : f.gradient(path.w.back())) slope = std::max(slope, std::abs(g));
    EXPECT_LT(slope, 1e-10);
  }
}

// Acceptance of the construction is relative to this: inputs of unit norm, mu = .1.
TEST(LogisticRegression, NewtonNeedsFewStepsWhereGradientDescentNeedsMany) {
  const LogisticRegression f = logistic_problem(26, 5, 0.1, 3);
  const LogisticPath newton = f.damped_newton(30), descent = f.gradient_descent(200);
  const double best = newton.loss.back(), start = newton.loss.front();
  const auto left = [&](double loss) { return (loss - best) / (start - best); };
  EXPECT_LE(newton.loss.size(), 9u);  // down to a decrement of 1e-10
  EXPECT_LT(left(newton.loss.at(4)), 1e-6);
  EXPECT_GT(left(descent.loss.at(4)), 1e-3);
  EXPECT_LT(left(descent.loss.at(200)), 1e-6);
  EXPECT_EQ(descent.loss.size(), 201u);
}

TEST(LogisticRegression, RefusesWhatIsNotAProblem) {
  const auto make = [](std::vector<double> inputs, std::vector<double> labels, double mu) {
    return LogisticRegression::create(std::move(inputs), std::move(labels), mu);
  };
  EXPECT_TRUE(is_error(make({1, 2, 3}, {1, -1}, 0.1), ErrorKind::config,
                       {"2 labels do not fit 3 numbers"}));
  EXPECT_TRUE(is_error(make({}, {}, 0.1), ErrorKind::config, {"0 labels"}));
  EXPECT_TRUE(is_error(make({1, 2}, {1, -1}, 0), ErrorKind::config, {"mu", "got 0"}));
  EXPECT_TRUE(is_error(make({1, 2}, {1, -1}, NAN), ErrorKind::config, {"mu", "nan"}));
  EXPECT_TRUE(
      is_error(make({1, 2}, {1, 0}, 0.1), ErrorKind::config, {"label 1 must be 1 or -1, got 0"}));
  EXPECT_TRUE(is_error(make({1, NAN}, {1, -1}, 0.1), ErrorKind::numeric, {"not finite"}));
}

}  // namespace
}  // namespace gramian::test
