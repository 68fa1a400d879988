// The hyperpower family: its iterates against closed forms, its steps against what they promise.
#include "gramian/solvers/hyperpower.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/solvers/tune.h"
#include "tests/solvers/prompts.h"
#include "tests/support/errors.h"

namespace gramian::test {
namespace {

using Numbers = std::vector<double>;

// U diag(s) V^T with singular values from 1 down to 1 / condition.
Matrix matrix_of_condition(int d, double condition, unsigned seed) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  Matrix left(d, d), right(d, d);
  for (double& entry : left.reshaped()) entry = normal(generator);
  for (double& entry : right.reshaped()) entry = normal(generator);
  const Matrix u = left.householderQr().householderQ(), v = right.householderQr().householderQ();
  return u *
         Vector::LinSpaced(d, 0, -1)
             .unaryExpr([&](double e) { return std::pow(condition, e); })
             .asDiagonal() *
         v.transpose();
}

Numbers row_major(const Matrix& m) {
  Numbers numbers;
  for (Eigen::Index i = 0; i < m.rows(); ++i) {
    for (Eigen::Index j = 0; j < m.cols(); ++j) numbers.push_back(m(i, j));
  }
  return numbers;
}

Matrix square(const Numbers& numbers, int d) {
  return Eigen::Map<const RowMajorMatrix>(numbers.data(), d, d);
}

// |I - A X| of a step is the o-th power of the matrix before it.
TEST(Hyperpower, RaisesTheResidualToItsOrder) {
  const int d = 5;
  const Matrix a = matrix_of_condition(d, 10, 3);
  const double alpha = hyperpower_start(row_major(a), 5).value();
  EXPECT_NEAR(alpha, 2 / (1 + 0.01), 1e-12);
  for (const int order : {2, 3, 4, 7}) {
    const auto list =
        hyperpower_inverses(row_major(a), 5, {.order = order, .alpha = alpha, .steps = 3}).value();
    ASSERT_EQ(list.size(), 4u);
    for (std::size_t t = 0; t + 1 < list.size(); ++t) {
      const Matrix before = Matrix::Identity(d, d) - a * square(list[t], d);
      Matrix power = before;
      for (int m = 1; m < order; ++m) power = power * before;
      const Matrix after = Matrix::Identity(d, d) - a * square(list[t + 1], d);
      EXPECT_LT((after - power).norm(), 1e-13 * d) << order << ", " << t;
    }
  }
}

// Steps until |I - A X| < 1e-8 grow like 2 log2 kappa: 6.64 more for ten times kappa.
TEST(Hyperpower, StepsGrowLikeTheLogarithmOfTheConditionNumber) {
  std::vector<int> steps;
  for (const double condition : {10.0, 100.0, 1000.0}) {
    const Matrix a = matrix_of_condition(4, condition, 5);
    const double alpha = hyperpower_start(row_major(a), 4).value();
    const auto list = hyperpower_inverses(row_major(a), 4, {.alpha = alpha, .steps = 40}).value();
    std::size_t t = 0;
    while (t < list.size() && (Matrix::Identity(4, 4) - a * square(list[t], 4)).norm() > 1e-8) ++t;
    steps.push_back(static_cast<int>(t));
    EXPECT_LE(t, 2 * std::log2(condition) + 5);
    const Matrix& inverse = a.inverse();
    EXPECT_LT((square(list.back(), 4) - inverse).norm() / inverse.norm(), 1e-12 * condition);
  }
  EXPECT_NEAR(steps[1] - steps[0], 2 * std::log2(10.0), 1);
  EXPECT_NEAR(steps[2] - steps[1], 2 * std::log2(10.0), 1);
}

TEST(Hyperpower, RefusesWhatHasNoInverse) {
  const Numbers singular{1, 2, 2, 4};
  EXPECT_TRUE(is_error(hyperpower_start(singular, 2), ErrorKind::numeric, {"singular"}));
  EXPECT_TRUE(is_error(hyperpower_start(Numbers{1, 2, 3}, 2), ErrorKind::config,
                       {"2 x 2", "4 numbers, got 3"}));
  EXPECT_TRUE(
      is_error(hyperpower_start(Numbers{1, NAN, 3, 1}, 2), ErrorKind::numeric, {"not finite"}));
  const Numbers fine{2, 0, 0, 1};
  const auto with = [&](const HyperpowerSpec& spec) { return hyperpower_inverses(fine, 2, spec); };
  EXPECT_TRUE(is_error(with({.order = 1, .alpha = 0.1, .steps = 1}), ErrorKind::config,
                       {"order", "[2, 64], got 1"}));
  EXPECT_TRUE(is_error(with({.alpha = 0, .steps = 1}), ErrorKind::config, {"alpha", "got 0"}));
  EXPECT_TRUE(is_error(with({.alpha = 0.1, .steps = -1}), ErrorKind::config, {"got -1"}));
  EXPECT_TRUE(is_error(with({.alpha = 1, .steps = 60}), ErrorKind::numeric, {"diverged"}));
}

// On a prompt the filter is X_T times the moments, with X for the matrix of the prompt.
TEST(Hyperpower, SolverIsTheIterationOnTheGramMatrix) {
  for (const WeightLaw weights : {WeightLaw::isotropic, WeightLaw::inverse_covariance}) {
    const RegressionTask task =
        make_correlated_task(12, 5, NoisePrior::uniform(0, 1).value(), weights);
    for (const int order : {2, 3}) {
      Hyperpower solver(3, order);
      solver.tune(draw_spectra(task, 200, 51));
      const double alpha = solver.constants().back().value;
      ASSERT_GT(alpha, 0);
      const TokenPrompt prompt = TokenGenerator(task, 52).draw();
      // In coordinates in which K is the identity.
      const Matrix root = precision_of(task).llt().matrixL();
      const Matrix inputs =
          root.triangularView<Eigen::Lower>().solve(prompt.x.transpose()).transpose();
      const auto x = hyperpower_inverses(row_major(inputs.transpose() * inputs), 5,
                                         {.order = order, .alpha = alpha, .steps = 3})
                         .value()
                         .back();
      const Vector c = square(x, 5) * inputs.transpose() * prompt.y;
      const Vector expected = root.transpose().triangularView<Eigen::Upper>().solve(c);
      EXPECT_LT((weights_of(solver, task, prompt) - expected).norm(), 1e-10 * expected.norm());
    }
  }
}

// Without noise, and with the best start of each prompt, enough steps are least squares.
TEST(Hyperpower, EndsInLeastSquares) {
  const RegressionTask task = make_task(20, 5, NoisePrior::constant(0).value());
  Hyperpower few(1, 2, Hyperpower::Start::of_prompt), many(16, 2, Hyperpower::Start::of_prompt);
  const SpectrumBatch prompts = draw_spectra(task, 100, 53);
  EXPECT_LT(mean_loss(many, prompts), 1e-20);
  EXPECT_GT(mean_loss(few, prompts), 1e-2);
  // A tuned start is no worse than any other, here than one that is safe for all prompts.
  Hyperpower tuned(4, 2);
  tuned.tune(prompts);
  Hyperpower third(4, 3);
  third.tune(prompts);
  EXPECT_LT(mean_loss(third, prompts), mean_loss(tuned, prompts));
  Hyperpower again(4, 2);
  std::vector<double> values;
  for (const Solver::Constant& constant : tuned.constants()) values.push_back(constant.value);
  again.set_constants(values);
  EXPECT_EQ(mean_loss(again, prompts), mean_loss(tuned, prompts));
  EXPECT_EQ(tuned.title(), "Newton-Schulz");
  EXPECT_EQ(third.name(), "newton3");
}

}  // namespace
}  // namespace gramian::test
