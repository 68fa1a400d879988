#include "gramian/tabular/network_regressor.h"
#include "gramian/base/decompositions.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/files.h"
#include "tests/tabular/rows.h"

namespace gramian {
namespace {

using test::is_error;
using test::linear_rows;

using Vector = Eigen::VectorXd;

RegressionTask task_of(int d, int n, std::vector<double> covariance = {},
                       WeightLaw weights = WeightLaw::isotropic) {
  return RegressionTask::create({.d = d,
                                 .n = n,
                                 .noise = NoisePrior::uniform(0, 5).value(),
                                 .covariance = std::move(covariance),
                                 .weights = weights})
      .value();
}

// One step of gradient descent from zero, w = eta alpha.
Network one_step(int d, double eta) {
  return {{.kind = Parametrisation::diag, .d = d, .layers = 1}, {0, 0, -eta, 0}};
}

NetworkRegressor regressor(const Network& network, const RegressionTask& task,
                           bool whiten = false) {
  return NetworkRegressor::create(network, task, whiten).value();
}

constexpr double kMeanSquareNoise = 25.0 / 3;

// With weights that are linear in alpha the scales of the target cancel: v is of variance one.
TEST(NetworkRegressor, AStepOfGradientDescentByHand) {
  const TableRows rows = linear_rows(25, 3, 1.0, 0.0);
  const auto problem = standardise(rows, false).value();
  const auto fit = regressor(one_step(3, 0.3), task_of(3, 20)).fit(rows);
  ASSERT_TRUE(fit);
  std::vector<double> w(3);
  for (std::size_t i = 0; i < 3; ++i) w[i] = 0.3 * problem.alpha[i];
  const LinearModel want = problem.model(w);
  EXPECT_FALSE(fit->exploded);
  EXPECT_NEAR(fit->model.intercept, want.intercept, 1e-11);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_GT(std::abs(want.slopes[i]), 0.01);
    EXPECT_NEAR(fit->model.slopes[i], want.slopes[i], 1e-12);
  }
}

// n tokens with the noise sigma^2 n/N: the same moments, and residuals that say so.
TEST(NetworkRegressor, RowsBecomeTokensOfTheSamePrecision) {
  for (const std::size_t rows_count : {12, 20, 200}) {
    SCOPED_TRACE(rows_count);
    const int n = 20, d = 4;
    const TableRows rows = linear_rows(rows_count, 4, 2.0, 0.2);
    const auto problem = standardise(rows, false).value();
    const auto values = regressor(one_step(4, 0.3), task_of(d, n)).gram(problem);
    const RowMajorMatrix gram = Eigen::Map<const RowMajorMatrix>(values.data(), d + 1, d + 1) / n;
    const RowMajorMatrix s = gram.topLeftCorner(d, d);
    const Vector alpha = gram.col(d).head(d);
    EXPECT_LT((s - Eigen::Map<const RowMajorMatrix>(problem.s.data(), d, d)).norm(),
              1e-12);  // below the edge of training
    const double g2 = d + kMeanSquareNoise;
    EXPECT_LT((alpha - std::sqrt(g2) * Eigen::Map<const Vector>(problem.alpha.data(), d)).norm(),
              1e-12);

    // sigma^2 of the rows by least squares, from the definition.
    RowMajorMatrix design(rows_count, d + 1);
    Vector y(rows_count);
    for (std::size_t row = 0; row < rows_count; ++row) {
      for (int i = 0; i < d; ++i)
        design(row, i) = rows.input(row)[static_cast<std::size_t>(i)] - 100 * i;
      design(row, d) = 1;
      y(row) = rows.y[row] / problem.y_deviation;
    }
    const Vector w = design.colPivHouseholderQr().solve(y);
    const double sigma2 =
        g2 * (y - design * w).squaredNorm() / static_cast<double>(rows_count - d - 1);
    // And as the tokens tell it.
    const double tokens = n * (gram(d, d) - alpha.dot(s.ldlt().solve(alpha))) / (n - d);
    EXPECT_NEAR(tokens, sigma2 * n / static_cast<double>(rows_count), 1e-10 * sigma2);
  }
}

TEST(NetworkRegressor, FewRowsAreTakenAsTheyAre) {
  const int n = 20, d = 4;
  const TableRows rows = linear_rows(5, 4, 2.0);  // no residuals beside an intercept
  const auto problem = standardise(rows, false).value();
  const auto values = regressor(one_step(4, 0.3), task_of(d, n)).gram(problem);
  double trace = 0;
  for (std::size_t i = 0; i < 4; ++i) trace += values[i * 5 + i] / n;
  EXPECT_NEAR(values.back() / n, trace + kMeanSquareNoise, 1e-11);
}

TEST(NetworkRegressor, InputsStayWithinWhatTrainingShowed) {
  const int n = 20, d = 4;
  const auto problem = standardise(linear_rows(200, 4, 1.0, 0.95), false).value();
  const auto values = regressor(one_step(4, 0.3), task_of(d, n)).gram(problem);
  const RowMajorMatrix s =
      Eigen::Map<const RowMajorMatrix>(values.data(), d + 1, d + 1).topLeftCorner(d, d) / n;
  const double edge = std::pow(1 + std::sqrt(0.2), 2);
  const RowMajorMatrix plain = Eigen::Map<const RowMajorMatrix>(problem.s.data(), d, d);
  const double before = Eigen::SelfAdjointEigenSolver<RowMajorMatrix>(plain).eigenvalues()(d - 1);
  EXPECT_GT(before, 1.5 * edge);
  EXPECT_NEAR(Eigen::SelfAdjointEigenSolver<RowMajorMatrix>(s).eigenvalues()(d - 1), edge, 1e-12);
  EXPECT_NEAR(s.trace(), d * edge / before, 1e-12);
}

TEST(NetworkRegressor, InputsHaveTheVariancesAndTheTargetThatOfTraining) {
  const auto problem = standardise(linear_rows(5, 2, 1.0, 0.0), false).value();
  const std::vector<double> covariance{4, 0.5, 0.5, 9};
  const auto target_variance = [&](WeightLaw weights) {
    const auto values =
        regressor(one_step(2, 0.3), task_of(2, 5, covariance, weights)).gram(problem);
    EXPECT_NEAR(values[0] / 5, 4, 1e-12);
    EXPECT_NEAR(values[4] / 5, 9, 1e-12);
    const double alpha =
        values[2] / 5;  // that of v, which is of variance one, times 2 and the scale of the target
    return std::pow(alpha / (2 * problem.alpha[0]), 2);
  };
  RowMajorMatrix s(2, 2);
  s << 4, 6 * problem.s[1], 6 * problem.s[1], 9;
  const RowMajorMatrix prior = Eigen::Map<const RowMajorMatrix>(covariance.data(), 2, 2).inverse();
  EXPECT_NEAR(target_variance(WeightLaw::isotropic), 13 + kMeanSquareNoise, 1e-10);
  EXPECT_NEAR(target_variance(WeightLaw::inverse_covariance),
              (s * prior).trace() + kMeanSquareNoise, 1e-10);
}

// Metres or miles, Celsius or Fahrenheit: predictions follow.
TEST(NetworkRegressor, UnitsDoNotMatter) {
  const Network network{{.kind = Parametrisation::diag, .d = 3, .layers = 2},
                        {-0.05, -0.01, -0.4, -0.01, -0.1, 0.02, -0.3, -0.02}};
  const TableRows rows = linear_rows(30, 3, 1.0);
  TableRows other = rows;
  for (std::size_t row = 0; row < 30; ++row) {
    other.x[3 * row] = 12 - 1000 * rows.x[3 * row];
    other.y[row] = 32 + 1.8 * rows.y[row];
  }
  const auto fit = regressor(network, task_of(3, 20)).fit(rows),
             changed = regressor(network, task_of(3, 20)).fit(other);
  ASSERT_TRUE(fit);
  ASSERT_TRUE(changed);
  EXPECT_FALSE(fit->exploded);
  for (std::size_t row = 0; row < 30; ++row) {
    EXPECT_NEAR(changed->model.predict(other.input(row)),
                32 + 1.8 * fit->model.predict(rows.input(row)), 1e-9);
  }
}

TEST(NetworkRegressor, WhiteningMakesTheMomentsTheIdentity) {
  const TableRows rows = linear_rows(40, 3, 1.0, 0.8);
  const auto fit = regressor(one_step(3, 1.0), task_of(3, 20), true).fit(rows);
  ASSERT_TRUE(fit);
  // One full step is then least squares.
  const SolverRegressor* ols = nullptr;
  const auto baselines = make_baselines(NoisePrior::uniform(0, 5).value(), 40);
  for (const auto& baseline : baselines) {
    if (baseline->name() == "ols") ols = static_cast<const SolverRegressor*>(baseline.get());
  }
  ASSERT_NE(ols, nullptr);
  const auto want = ols->fit(rows);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_NEAR(fit->model.slopes[i], want->model.slopes[i], 1e-10);
}

TEST(NetworkRegressor, TheMeanStandsForANetworkThatExplodes) {
  const TableRows rows = linear_rows(30, 3, 1.0);
  double mean = 0;
  for (const double y : rows.y) mean += y / 30;
  Network wild{{.kind = Parametrisation::diag, .d = 3, .layers = 9}, {}};
  for (int layer = 0; layer < 9; ++layer)
    wild.theta.insert(wild.theta.end(), {1e30, 1e30, 1e30, 1e30});  // to NaN
  for (const Network& network : {one_step(3, 50), one_step(3, -0.1), wild}) {
    const auto fit = regressor(network, task_of(3, 20)).fit(rows);
    ASSERT_TRUE(fit);
    EXPECT_TRUE(fit->exploded);
    EXPECT_NEAR(fit->model.predict(rows.input(4)), mean, 1e-10);
  }
}

TEST(NetworkRegressor, ConstantColumnsHaveNoSlopeAndConstantTargetsNoFit) {
  TableRows rows = linear_rows(30, 3, 1.0);
  for (std::size_t row = 0; row < 30; ++row) rows.x[3 * row + 1] = 5;
  const auto fit = regressor(one_step(3, 0.3), task_of(3, 20)).fit(rows);
  ASSERT_TRUE(fit);
  EXPECT_EQ(fit->model.slopes[1], 0);
  EXPECT_NE(fit->model.slopes[0], 0);
  rows.y.assign(30, 3.0);
  const auto flat = regressor(one_step(3, 0.3), task_of(3, 20)).fit(rows);
  ASSERT_TRUE(flat);
  EXPECT_FALSE(flat->exploded);
  EXPECT_EQ(flat->model.slopes, (std::vector<double>{0, 0, 0}));
}

TEST(NetworkRegressor, RefusesWhatItCannotRead) {
  Network keys = one_step(3, 0.3);
  keys.spec.query_in_keys = true;
  EXPECT_TRUE(is_error(NetworkRegressor::create(keys, task_of(3, 20), false), ErrorKind::config,
                       {"[model.query_in_keys] must be false"}));
  EXPECT_TRUE(
      is_error(NetworkRegressor::create(one_step(2, 0.3), task_of(2, 20, {1, 0.5, 0.5, 1}), true),
               ErrorKind::config, {"[task.covariance]"}));
  EXPECT_TRUE(is_error(regressor(one_step(2, 0.3), task_of(2, 20)).fit(linear_rows(30, 3, 1.0)),
                       ErrorKind::config, {"3 inputs, but the network was trained for d = 2"}));
}

}  // namespace
}  // namespace gramian
