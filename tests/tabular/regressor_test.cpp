#include "gramian/tabular/regressor.h"
#include "gramian/base/decompositions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "gramian/solvers/ridge.h"
#include "tests/support/files.h"
#include "tests/tabular/rows.h"

namespace gramian {
namespace {

using test::is_error;
using test::linear_rows;

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

// Columns divided by their deviation around their mean, and the deviations.
struct Centred {
  explicit Centred(const TableRows& rows) : x(rows.size(), rows.d), y(rows.size()) {
    for (Eigen::Index i = 0; i < x.rows(); ++i) {
      y(i) = rows.y[static_cast<std::size_t>(i)];
      for (Eigen::Index j = 0; j < x.cols(); ++j)
        x(i, j) = rows.input(static_cast<std::size_t>(i))[static_cast<std::size_t>(j)];
    }
    x.rowwise() -= x.colwise().mean().eval();
    y.array() -= y.mean();
    deviations = (x.colwise().squaredNorm() / static_cast<double>(x.rows())).cwiseSqrt();
    x.array().rowwise() /= deviations.transpose().array();
  }
  // Ridge with this penalty on the sums, in the units of the columns.
  Vector slopes(double penalty) const {
    const Matrix s = x.transpose() * x + penalty * Matrix::Identity(x.cols(), x.cols());
    return s.ldlt().solve(x.transpose() * y).cwiseQuotient(deviations);
  }
  double residuals() const {
    const Vector w = x.colPivHouseholderQr().solve(y);
    return (y - x * w).squaredNorm();
  }
  Matrix x;
  Vector y, deviations;
};

void expect_slopes(const Expected<Fit>& fit, const Vector& want, double tolerance) {
  ASSERT_TRUE(fit) << test::message_of(fit);
  ASSERT_EQ(fit->model.slopes.size(), static_cast<std::size_t>(want.size()));
  for (Eigen::Index i = 0; i < want.size(); ++i) {
    EXPECT_NEAR(fit->model.slopes[static_cast<std::size_t>(i)], want(i), tolerance) << i;
  }
}

const std::string kNames[] = {"bayes", "adarr", "ridge_cv", "ols", "mean"};

TEST(Regressor, BaselinesAreInTheOrderOfTheTable) {
  const auto list = make_baselines(NoisePrior::uniform(0, 5).value(), 30);
  ASSERT_EQ(list.size(), std::size(kNames));
  for (std::size_t i = 0; i < list.size(); ++i) EXPECT_EQ(list[i]->name(), kNames[i]);
}

TEST(Regressor, AllHaveAnIntercept) {
  const TableRows rows = linear_rows(30, 3, 1.0);
  double x[3] = {}, y = 0;
  for (std::size_t row = 0; row < 30; ++row) {
    for (std::size_t i = 0; i < 3; ++i) x[i] += rows.input(row)[i] / 30;
    y += rows.y[row] / 30;
  }
  for (const auto& regressor : make_baselines(NoisePrior::uniform(0, 5).value(), 30)) {
    const auto fit = regressor->fit(rows);
    ASSERT_TRUE(fit) << regressor->name();
    EXPECT_NEAR(fit->model.predict(x), y, 1e-10) << regressor->name();
  }
}

TEST(Regressor, OlsIsTheLeastSquaresSolution) {
  const TableRows rows = linear_rows(30, 4, 1.0);
  const SolverRegressor ols(std::make_unique<FixedRidge>("ols", 0.0), 8.0);
  expect_slopes(ols.fit(rows), Centred(rows).slopes(0), 1e-11);
}

TEST(Regressor, AdaptiveRidgeReadsTheNoiseFromResiduals) {
  const TableRows rows = linear_rows(30, 4, 2.0);
  const Centred centred(rows);
  const double noise = 8.0;
  const SolverRegressor adarr(std::make_unique<AdaptiveRidge>(), noise);
  // The target is scaled by g to the variance d + noise; one degree of freedom is the intercept's.
  const double g2 = (4 + noise) / (centred.y.squaredNorm() / 30);
  expect_slopes(adarr.fit(rows), centred.slopes(g2 * centred.residuals() / (30 - 1 - 4)), 1e-11);
  EXPECT_TRUE(is_error(adarr.fit(linear_rows(5, 4, 2.0)), ErrorKind::config,
                       {"residual degrees of freedom"}));
}

TEST(Regressor, BayesIsARidgeWhereTheNoiseIsKnown) {
  const TableRows rows = linear_rows(30, 4, 2.0);
  const auto list = make_baselines(NoisePrior::constant(3).value(), 30);
  const Centred centred(rows);
  const double g2 = (4 + 9) / (centred.y.squaredNorm() / 30);
  EXPECT_GT(g2, 0);
  expect_slopes(list[0]->fit(rows), centred.slopes(9), 1e-11);
}

// Every penalty of the grid, every fold, from the definition.
TEST(Regressor, RidgeByCrossValidationTakesTheBestPenalty) {
  const TableRows rows = linear_rows(23, 3, 4.0);
  double least = std::numeric_limits<double>::infinity(), best = 0;
  for (int k = -20; k <= 8; ++k) {
    const double share = std::pow(10.0, k / 4.0);
    double error = 0;
    for (std::size_t fold = 0; fold < 10; ++fold) {
      TableRows rest{3, {}, {}};
      Vector mean = Vector::Zero(3);
      double y_mean = 0;
      for (std::size_t row = 0; row < 23; ++row) {
        if (row % 10 == fold) continue;
        rest.add(rows.input(row), rows.y[row]);
        mean += Eigen::Map<const Vector>(rows.input(row).data(), 3);
        y_mean += rows.y[row];
      }
      const auto count = static_cast<double>(rest.size());
      const Vector w = Centred(rest).slopes(share * count);
      for (std::size_t row = fold; row < 23; row += 10) {
        const Vector x = Eigen::Map<const Vector>(rows.input(row).data(), 3) - mean / count;
        error += std::pow(y_mean / count + w.dot(x) - rows.y[row], 2);
      }
    }
    if (error < least) {
      least = error;
      best = share;
    }
  }
  EXPECT_GT(best, 1e-5);  // within the grid
  EXPECT_LT(best, 1e2);
  const RidgeByCrossValidation ridge;
  expect_slopes(ridge.fit(rows), Centred(rows).slopes(best * 23), 1e-10);
  EXPECT_TRUE(is_error(ridge.fit(linear_rows(2, 3, 1.0)), ErrorKind::config, {"2 rows"}));
}

TEST(Regressor, NothingBreaksOnConstantOrCollinearRows) {
  TableRows rows = linear_rows(12, 3, 1.0);
  for (std::size_t row = 0; row < 12; ++row) rows.x[3 * row + 2] = 2 * rows.x[3 * row];
  TableRows constant = linear_rows(12, 3, 1.0);
  for (std::size_t row = 0; row < 12; ++row) constant.x[3 * row] = 7;
  TableRows flat = linear_rows(12, 3, 1.0);
  flat.y.assign(12, 3.0);
  for (const TableRows* some : {&rows, &constant, &flat}) {
    for (const auto& regressor : make_baselines(NoisePrior::uniform(0, 5).value(), 12)) {
      const auto fit = regressor->fit(*some);
      ASSERT_TRUE(fit) << regressor->name();
      for (const double slope : fit->model.slopes) {
        EXPECT_LT(std::abs(slope), 100) << regressor->name();  // not NaN either
        if (some == &flat) {
          EXPECT_EQ(slope, 0);
        }
      }
    }
  }
}

}  // namespace
}  // namespace gramian
