// Networks that invert matrices against the iteration that they are, layer by layer.
#include "gramian/theory/newton_constructions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "gramian/models/transformer/reference.h"
#include "gramian/solvers/hyperpower.h"
#include "tests/support/errors.h"
#include "tests/theory/token_run.h"

namespace gramian::test {
namespace {

Matrix random_rotation(int d, unsigned seed) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  Matrix random(d, d);
  for (double& entry : random.reshaped()) entry = normal(generator);
  return random.householderQr().householderQ();
}

// Singular values from `largest` down to largest / condition, evenly in the logarithm.
Eigen::VectorXd spread_values(int d, double largest, double condition) {
  return Eigen::VectorXd::LinSpaced(d, 0, -1).unaryExpr(
      [&](double e) { return largest * std::pow(condition, e); });
}

// X_0 .. X_T of Newton-Schulz, X' = 2 X - X A X, in plain matrices.
std::vector<Matrix> newton_schulz(const Matrix& a, double alpha, int steps) {
  std::vector<Matrix> list{alpha * a.transpose()};
  for (int t = 0; t < steps; ++t) {
    const Matrix& x = list.back();
    list.push_back(2 * x - x * a * x);
  }
  return list;
}

double matrix_error(const Matrix& is, const Matrix& wanted) {
  return (is - wanted).norm() / wanted.norm();
}

// In absolute value; r and X_t commute, so that of a symmetric matrix the norm is meant.
double norm_of_symmetric(const Matrix& symmetric) {
  return Eigen::SelfAdjointEigenSolver<Matrix>(symmetric).eigenvalues().cwiseAbs().maxCoeff();
}

int enough_steps(double condition) { return static_cast<int>(2 * std::log2(condition)) + 5; }

// Acceptance: 1e-12 at every layer for condition numbers up to 1000. The eigenvalues alternate in
// sign, since the iteration does not need a definite matrix.
TEST(NewtonConstructions, SymmetricInverseIsNewtonSchulzAtEveryLayer) {
  for (const double condition : {1.0, 10.0, 100.0, 1000.0}) {
    const int d = 5;
    const InverseSpec spec{
        .d = d, .steps = enough_steps(condition), .largest = 2, .condition = condition};
    const TokenConstruction made = symmetric_inverse(spec).value();
    EXPECT_EQ(made.network.spec().blocks.size(), static_cast<std::size_t>(spec.steps));
    EXPECT_EQ(made.network.spec().stem.inner_width(), 3 * d);
    Eigen::VectorXd values = spread_values(d, 2, condition);
    for (int i = 1; i < d; i += 2) values(i) = -values(i);
    const Matrix u = random_rotation(d, 7);
    Matrix a = u * values.asDiagonal() * u.transpose();
    a = (a + a.transpose()).eval() / 2;
    const TokenStates run = run_tokens(made.network, a);
    const auto expected = newton_schulz(a, hyperpower_start(2 / condition, 2), spec.steps);
    ASSERT_EQ(run.states.size(), expected.size());
    for (std::size_t t = 0; t < expected.size(); ++t) {
      EXPECT_LT(matrix_error(matrix_in(made, run.states[t], "X"), expected[t]), 1e-12)
          << condition << ", step " << t;
    }
    // The inverse, and the output: its row j is column j of X.
    EXPECT_LT(matrix_error(expected.back(), a.inverse()), 1e-12);
    EXPECT_LT(matrix_error(run.output.transpose(), a.inverse()), 1e-12) << condition;
  }
}

TEST(NewtonConstructions, GeneralInverseIsNewtonSchulzAtEverySecondLayer) {
  for (const double condition : {1.0, 10.0, 100.0, 1000.0}) {
    const int d = 4;
    const InverseSpec spec{.d = d, .steps = enough_steps(condition), .condition = condition};
    const TokenConstruction made = general_inverse(spec).value();
    EXPECT_EQ(made.network.spec().blocks.size(), 2 * static_cast<std::size_t>(spec.steps));
    EXPECT_EQ(made.network.spec().stem.inner_width(), 4 * d);
    const Matrix a =
        random_rotation(d, 1) * spread_values(d, 1, condition).asDiagonal() * random_rotation(d, 2);
    const TokenStates run = run_tokens(made.network, a);
    const auto expected = newton_schulz(a, hyperpower_start(1 / condition, 1), spec.steps);
    ASSERT_EQ(run.states.size(), 2 * expected.size() - 1);
    for (std::size_t t = 0; t < expected.size(); ++t) {
      EXPECT_LT(matrix_error(matrix_in(made, run.states[2 * t], "X"), expected[t]), 1e-12)
          << condition << ", step " << t;
      EXPECT_LT(matrix_in(made, run.states[2 * t], "B").norm(), 1e-12);
      if (t + 1 < expected.size()) {
        EXPECT_LT(matrix_error(matrix_in(made, run.states[2 * t + 1], "B"), a * expected[t]),
                  1e-13 * condition + 1e-12);
      }
    }
    EXPECT_LT(matrix_error(run.output.transpose(), a.inverse()), 1e-12) << condition;
  }
}

// Prompts of which 1/n A^T A has these eigenvalues.
struct RegressionPrompt {
  Matrix a, tokens;  // [n, d], [n + 1, d + 1]
  Eigen::VectorXd y, query;
};

RegressionPrompt regression_prompt(int d, int n, double largest, double condition, unsigned seed) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  RegressionPrompt prompt;
  const Matrix rows = random_rotation(n, seed).leftCols(d);
  prompt.a = std::sqrt(n) * rows * spread_values(d, largest, condition).cwiseSqrt().asDiagonal() *
             random_rotation(d, seed + 1);
  prompt.y = Eigen::VectorXd(n);
  prompt.query = Eigen::VectorXd(d);
  for (double& number : prompt.y) number = normal(generator);
  for (double& number : prompt.query) number = normal(generator);
  prompt.tokens = Matrix::Zero(n + 1, d + 1);
  prompt.tokens.topLeftCorner(n, d) = prompt.a;
  prompt.tokens.topRightCorner(n, 1) = prompt.y;
  prompt.tokens.bottomLeftCorner(1, d) = prompt.query.transpose();
  return prompt;
}

TEST(NewtonConstructions, RegressionIsNewtonSchulzAtEveryLayerAndLeastSquaresInTheEnd) {
  const int d = 5, n = 20;
  for (const double ridge : {0.0, 0.05}) {
    for (const double condition : {5.0, 100.0, 1e4, 1e6}) {
      if (ridge > 0 && condition > 5) continue;
      const RegressionSpec spec{.d = d,
                                .n = n,
                                .steps = enough_steps(condition),
                                .ridge = ridge,
                                .largest = 3 + ridge,
                                .condition = condition};
      const TokenConstruction made = newton_regression(spec).value();
      EXPECT_EQ(made.network.spec().blocks.size(), static_cast<std::size_t>(spec.steps) + 3);
      EXPECT_EQ(made.network.spec().stem.inner_width(), 4 * d + 2);
      const RegressionPrompt prompt = regression_prompt(d, n, 3, condition, 11);
      const Matrix r = prompt.a.transpose() * prompt.a / n + ridge * Matrix::Identity(d, d);
      const TokenStates run = run_tokens(made.network, prompt.tokens);
      const double bound = 1e-15 * condition + 1e-12;
      EXPECT_LT(matrix_error(matrix_in(made, run.states[1], "R"), r), 1e-14);
      const auto expected =
          newton_schulz(r, hyperpower_start(spec.largest / condition, spec.largest), spec.steps);
      for (std::size_t t = 0; t < expected.size(); ++t) {
        EXPECT_LT(matrix_error(matrix_in(made, run.states[t + 1], "X"), expected[t]), bound)
            << condition << ", step " << t;
      }
      // w = X b loses what X has lost, times |X| |b|.
      const Eigen::VectorXd b = prompt.a.transpose() * prompt.y / n, w = expected.back() * b;
      const double lost = bound * expected.back().norm() * b.norm() * prompt.query.norm();
      EXPECT_NEAR(run.output(0, 0), w.dot(prompt.query), lost);
      // Least squares by a QR decomposition, without the normal equations.
      Matrix tall(n + d, d);
      tall << prompt.a, std::sqrt(n * ridge) * Matrix::Identity(d, d);
      Eigen::VectorXd right = Eigen::VectorXd::Zero(n + d);
      right.head(n) = prompt.y;
      const Eigen::VectorXd least = tall.householderQr().solve(right);
      EXPECT_NEAR(run.output(0, 0), least.dot(prompt.query), lost);
    }
  }
}

// Acceptance (b): the residual squares from layer to layer, and precision is reached by
// 2 log2 kappa + 5 steps; gradient descent of as many layers as condition number is not there.
TEST(NewtonConstructions, RegressionHasAQuadraticTail) {
  const int d = 5, n = 20;
  std::vector<int> layers;
  for (const double condition : {10.0, 100.0, 1000.0}) {
    const TokenConstruction made = newton_regression({.d = d,
                                                      .n = n,
                                                      .steps = enough_steps(condition),
                                                      .largest = 3,
                                                      .condition = condition})
                                       .value();
    const RegressionPrompt prompt = regression_prompt(d, n, 3, condition, 12);
    const Matrix r = prompt.a.transpose() * prompt.a / n;
    const TokenStates run = run_tokens(made.network, prompt.tokens);
    std::vector<double> residual;
    for (std::size_t t = 1; t + 2 < run.states.size(); ++t) {
      const Matrix product = r * matrix_in(made, run.states[t], "X");
      residual.push_back(
          norm_of_symmetric(Matrix::Identity(d, d) - (product + product.transpose()) / 2));
    }
    for (std::size_t t = 0; t + 1 < residual.size(); ++t) {
      EXPECT_LE(residual[t + 1], residual[t] * residual[t] * (1 + 1e-9) + 1e-15 * condition);
      if (residual[t] > 1e-5) {
        EXPECT_GE(residual[t + 1], 0.99 * residual[t] * residual[t]);
      }
    }
    EXPECT_LT(residual.back(), 1e-14 * condition) << condition;
    layers.push_back(static_cast<int>(
        std::ranges::find_if(residual, [](double x) { return x < 1e-8; }) - residual.begin()));
    // Stacked gradient descent with its best step leaves ((kappa - 1) / (kappa + 1))^L of the
    // error in the worst direction, and so more than 10% after kappa / 2 layers.
    EXPECT_GT(std::pow((condition - 1) / (condition + 1), condition / 2), 0.1);
  }
  EXPECT_NEAR(layers[1] - layers[0], 2 * std::log2(10.0), 1);
  EXPECT_NEAR(layers[2] - layers[1], 2 * std::log2(10.0), 1);
}

// The tape and the plain loops of the reference run one network.
TEST(NewtonConstructions, ReferenceAgreesWithTheTape) {
  const TokenConstruction made = newton_regression({.d = 3, .n = 6, .steps = 4}).value();
  const RegressionPrompt prompt = regression_prompt(3, 6, 3, 10, 13);
  const RowMajorMatrix tokens = prompt.tokens;
  const auto reference = token_forward(made.network.spec(), made.network.theta,
                                       {tokens.data(), tokens.data() + tokens.size()});
  const TokenStates run = run_tokens(made.network, prompt.tokens);
  EXPECT_NEAR(reference.output[0], run.output(0, 0), 1e-12 * std::abs(run.output(0, 0)) + 1e-14);
}

TEST(NewtonConstructions, RefuseWhatNoNetworkIs) {
  EXPECT_TRUE(is_error(symmetric_inverse({.d = 0}), ErrorKind::config, {"d must be in [1, 255]"}));
  EXPECT_TRUE(is_error(symmetric_inverse({.steps = 101}), ErrorKind::config, {"[1, 100]", "101"}));
  EXPECT_TRUE(is_error(general_inverse({.steps = 51}), ErrorKind::config, {"[1, 50]", "got 51"}));
  EXPECT_TRUE(is_error(general_inverse({.largest = 0}), ErrorKind::config, {"largest", "got 0"}));
  EXPECT_TRUE(is_error(general_inverse({.condition = INFINITY}), ErrorKind::config,
                       {"singular", "got inf"}));
  EXPECT_TRUE(
      is_error(newton_regression({.d = 5, .n = 4}), ErrorKind::config, {"singular", "got 4"}));
  EXPECT_TRUE(is_error(newton_regression({.ridge = -1}), ErrorKind::config, {"ridge", "got -1"}));
  EXPECT_TRUE(is_error(newton_regression({.steps = 98}), ErrorKind::config, {"[1, 97]"}));
}

}  // namespace
}  // namespace gramian::test
