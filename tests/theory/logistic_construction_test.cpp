// The network that is damped Newton against exact damped Newton, step by step.
#include "gramian/theory/logistic_construction.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "gramian/solvers/logistic.h"
#include "gramian/theory/piecewise_linear.h"
#include "tests/support/errors.h"
#include "tests/theory/token_run.h"

namespace gramian::test {
namespace {

struct LogisticPrompt {
  Matrix tokens;  // [n + 1, d + 1]
  std::vector<double> inputs = {}, labels = {}, query = {};
};

// Inputs of unit length, labels by the sign of a noisy linear function.
LogisticPrompt logistic_prompt(int d, int n, unsigned seed) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  Eigen::VectorXd w(d);
  for (double& number : w) number = normal(generator);
  LogisticPrompt prompt{.tokens = Matrix::Zero(n + 1, d + 1)};
  for (int i = 0; i <= n; ++i) {
    Eigen::VectorXd x(d);
    for (double& number : x) number = normal(generator);
    x.normalize();
    prompt.tokens.row(i).head(d) = x;
    if (i == n) {
      prompt.query.assign(x.begin(), x.end());
      break;
    }
    const double y = w.dot(x) + 0.3 * normal(generator) > 0 ? 1 : -1;
    prompt.tokens(i, d) = y;
    prompt.inputs.insert(prompt.inputs.end(), x.begin(), x.end());
    prompt.labels.push_back(y);
  }
  return prompt;
}

// w after each step, from the token of the query, and whether all tokens have the same.
std::vector<std::vector<double>> iterates(const TokenConstruction& made, const LogisticSpec& spec,
                                          const LogisticPrompt& prompt) {
  const TokenStates run = run_tokens(made.network, prompt.tokens);
  const Columns w = columns_of(made, "w");
  std::vector<std::vector<double>> list;
  for (int t = 0; t <= spec.steps; ++t) {
    const Matrix& state =
        run.states[static_cast<std::size_t>(1 + t * logistic_layers_per_step(spec.inversions))];
    const Matrix all = state.middleCols(w.first, w.count);
    EXPECT_LT((all.rowwise() - all.row(0)).cwiseAbs().maxCoeff(), 1e-12);
    list.emplace_back(all.row(0).begin(), all.row(0).end());
  }
  double logit = 0;
  for (std::size_t k = 0; k < prompt.query.size(); ++k) logit += prompt.query[k] * list.back()[k];
  EXPECT_NEAR(run.output(0, 0), logit, 1e-12);
  return list;
}

TEST(PiecewiseLinear, IsExactAtKnotsAndQuadraticBetween) {
  double before = 0;
  for (const int intervals : {8, 16, 32}) {
    const auto f = interpolate([](double x) { return std::exp(x); }, even_knots(-1, 2, intervals));
    double worst = 0;
    for (const double knot : f.knots) EXPECT_NEAR(f(knot), std::exp(knot), 1e-13);
    for (double x = -1; x <= 2; x += 1e-3) worst = std::max(worst, std::abs(f(x) - std::exp(x)));
    EXPECT_LT(worst, 9.0 / (intervals * intervals) / 8 * std::exp(2.0));
    if (before > 0) {
      EXPECT_NEAR(before / worst, 4, 0.4);
    }
    before = worst;
    EXPECT_NEAR(f(-5), std::exp(-1), 1e-13);  // constant outside
    EXPECT_NEAR(f(9), std::exp(2), 1e-12);
  }
  // A root has an error in proportion to itself where knots are geometric.
  const auto root =
      interpolate([](double z) { return std::sqrt(z); }, geometric_knots(1e-6, 10, 40));
  const double ratio = std::log(root.knots[2] / root.knots[1]);
  for (double z = 1e-6; z < 10; z *= 1.01)
    EXPECT_LE(std::abs(root(z) - std::sqrt(z)), 1.1 * ratio * ratio / 32 * std::sqrt(z));
}

// Acceptance (c): what a step of the network differs from an exact step from the same w falls at
// least threefold where the knots double.
TEST(LogisticConstruction, StepsAreDampedNewtonUpToTheKnots) {
  const int d = 3, n = 12;
  std::vector<double> deviations;
  for (const int knots : {16, 32, 64}) {
    const LogisticSpec spec{.d = d, .n = n, .steps = 4, .knots = knots};
    const TokenConstruction made = logistic_newton(spec).value();
    EXPECT_EQ(made.network.spec().stem.inner_width(), 8 * d + 7);
    EXPECT_EQ(made.network.spec().blocks.size(), 2u + 4 * 12);
    double squares = 0;
    for (unsigned seed = 1; seed <= 8; ++seed) {
      const LogisticPrompt prompt = logistic_prompt(d, n, seed);
      const auto f = LogisticRegression::create(prompt.inputs, prompt.labels, spec.mu).value();
      const auto w = iterates(made, spec, prompt);
      EXPECT_EQ(w.front(), std::vector<double>(d));
      for (std::size_t t = 0; t + 1 < w.size(); ++t) {
        const auto exact = f.damped_newton_step(w[t]).w;
        for (std::size_t k = 0; k < exact.size(); ++k)
          squares += (w[t + 1][k] - exact[k]) * (w[t + 1][k] - exact[k]) / (8 * 4);
      }
    }
    deviations.push_back(std::sqrt(squares));
  }
  EXPECT_LT(deviations[0], 0.05);
  EXPECT_GT(deviations[0] / deviations[1], 3) << deviations[0] << ", " << deviations[1];
  EXPECT_GT(deviations[1] / deviations[2], 3) << deviations[1] << ", " << deviations[2];
}

// Acceptance (c): at most 1e-3 of f - f* is left after 8 steps, for mu = .1 and unit inputs.
TEST(LogisticConstruction, ReachesTheMinimumInEightSteps) {
  const LogisticSpec spec{.d = 5, .n = 26, .steps = 8, .mu = 0.1, .knots = 64};
  const TokenConstruction made = logistic_newton(spec).value();
  EXPECT_LE(made.network.spec().blocks.size(), 100u);
  for (unsigned seed = 1; seed <= 4; ++seed) {
    const LogisticPrompt prompt = logistic_prompt(5, 26, 20 + seed);
    const auto f = LogisticRegression::create(prompt.inputs, prompt.labels, spec.mu).value();
    const double best = f.damped_newton(50).loss.back(), start = std::log(2.0);
    const auto w = iterates(made, spec, prompt);
    EXPECT_LT((f.loss(w.back()) - best) / (start - best), 1e-3) << seed;
    EXPECT_GT((f.loss(w[1]) - best) / (start - best), 1e-3);  // one step is not enough
  }
}

// After a step all but x, y, I, w and 1 is what it was before.
TEST(LogisticConstruction, AStepLeavesNothingBehind) {
  const LogisticSpec spec{.d = 2, .n = 5, .steps = 2, .knots = 16, .inversions = 5};
  const TokenConstruction made = logistic_newton(spec).value();
  const TokenStates run = run_tokens(made.network, logistic_prompt(2, 5, 3).tokens);
  const Columns w = columns_of(made, "w");
  Matrix before = run.states[1], after = run.states[12];
  EXPECT_GT((after - before).norm(), 1e-3);
  before.middleCols(w.first, w.count).setZero();
  after.middleCols(w.first, w.count).setZero();
  EXPECT_LT((after - before).cwiseAbs().maxCoeff(), 1e-14);
}

TEST(LogisticConstruction, RefusesWhatIsNoProblem) {
  EXPECT_TRUE(is_error(logistic_newton({.mu = 0}), ErrorKind::config, {"mu", "got 0"}));
  EXPECT_TRUE(is_error(logistic_newton({.mu = -1}), ErrorKind::config, {"mu", "got -1"}));
  EXPECT_TRUE(is_error(logistic_newton({.d = 5, .n = 4}), ErrorKind::config, {"n must", "got 4"}));
  EXPECT_TRUE(is_error(logistic_newton({.d = 5, .knots = 102}), ErrorKind::config,
                       {"knots must be in [2, 101], got 102"}));
  EXPECT_TRUE(is_error(logistic_newton({.steps = 9}), ErrorKind::config,
                       {"steps must be in [1, 8], got 9"}));
  EXPECT_TRUE(is_error(logistic_newton({.inversions = 0}), ErrorKind::config, {"inversions"}));
}

}  // namespace
}  // namespace gramian::test
