#include "gramian/tabular/standardised.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/files.h"
#include "tests/tabular/rows.h"

namespace gramian {
namespace {

using test::is_error;
using test::linear_rows;

// z of one row.
std::vector<double> standard_input(const Standardised& problem, std::span<const double> input) {
  std::vector<double> z(problem.d);
  for (std::size_t i = 0; i < problem.d; ++i) {
    for (std::size_t j = 0; j < problem.d; ++j)
      z[i] += problem.to_z[i * problem.d + j] * (input[j] - problem.x_mean[j]);
  }
  return z;
}

TEST(Standardised, MomentsAreThoseOfTheTransformedRows) {
  const TableRows rows = linear_rows(30, 4, 1.0);
  for (const bool whiten : {false, true}) {
    SCOPED_TRACE(whiten);
    const auto problem = standardise(rows, whiten);
    ASSERT_TRUE(problem) << test::message_of(problem);
    std::vector<double> s(16), alpha(4), mean(4);
    double lambda = 0;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const std::vector<double> z = standard_input(*problem, rows.input(row));
      const double v = (rows.y[row] - problem->y_mean) / problem->y_deviation;
      for (std::size_t i = 0; i < 4; ++i) {
        for (std::size_t j = 0; j < 4; ++j) s[4 * i + j] += z[i] * z[j] / 30;
        alpha[i] += v * z[i] / 30;
        mean[i] += z[i] / 30;
      }
      lambda += v * v / 30;
    }
    EXPECT_NEAR(lambda, 1, 1e-13);
    EXPECT_NEAR(problem->lambda, lambda, 1e-13);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_NEAR(mean[i], 0, 1e-12);
      EXPECT_NEAR(problem->alpha[i], alpha[i], 1e-12);
      for (std::size_t j = 0; j < 4; ++j) {
        EXPECT_NEAR(problem->s[4 * i + j], s[4 * i + j], 1e-12);
        if (i == j || whiten) {
          EXPECT_NEAR(s[4 * i + j], i == j, 1e-12);
        }
      }
    }
  }
}

TEST(Standardised, ModelIsInTheUnitsOfTheUser) {
  const TableRows rows = linear_rows(30, 3, 1.0);
  const std::vector<double> w{0.5, -0.25, 2};
  for (const bool whiten : {false, true}) {
    const auto problem = standardise(rows, whiten).value();
    const LinearModel model = problem.model(w);
    for (const std::size_t row : {0, 7, 29}) {
      const std::vector<double> z = standard_input(problem, rows.input(row));
      const double v = w[0] * z[0] + w[1] * z[1] + w[2] * z[2];
      EXPECT_NEAR(model.predict(rows.input(row)), problem.y_mean + problem.y_deviation * v, 1e-10);
    }
  }
}

TEST(Standardised, ConstantColumnsAndTargetsAreZero) {
  TableRows rows = linear_rows(20, 3, 1.0);
  for (std::size_t row = 0; row < 20; ++row) {
    rows.x[3 * row + 1] = 0.1;  // no sum of which is exact
    rows.y[row] = 1e9 / 3;
  }
  const auto problem = standardise(rows, false).value();
  EXPECT_EQ(problem.constants, (std::vector<std::size_t>{1}));
  EXPECT_EQ(problem.y_deviation, 0);
  EXPECT_EQ(problem.lambda, 0);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(problem.s[3 + i], 0);
  EXPECT_EQ(problem.model(std::vector<double>{1, 1, 1}).slopes[1], 0);
  EXPECT_TRUE(is_error(standardise(rows, true), ErrorKind::numeric,
                       {"smallest eigenvalue", "leave out a column"}));
}

TEST(Standardised, WhiteningRefusesInputsThatFollowFromOthers) {
  TableRows rows = linear_rows(20, 3, 1.0);
  for (std::size_t row = 0; row < 20; ++row)
    rows.x[3 * row + 2] = 3 * rows.x[3 * row] - rows.x[3 * row + 1];
  EXPECT_TRUE(standardise(rows, false));
  EXPECT_TRUE(is_error(standardise(rows, true), ErrorKind::numeric,
                       {"none follows from the others", "20 rows"}));
  EXPECT_TRUE(is_error(standardise(linear_rows(3, 3, 1.0), true), ErrorKind::numeric, {"3 rows"}));
}

TEST(Standardised, HasRoomForTheLargestCellsAndFarOffsets) {
  TableRows rows = linear_rows(20, 2, 1.0);
  const auto want = standardise(rows, false).value();
  for (std::size_t row = 0; row < 20; ++row) {
    rows.x[2 * row] *= 1e98;
    rows.x[2 * row + 1] += 1e6;
    rows.y[row] *= -1e97;
  }
  const auto problem = standardise(rows, false).value();
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(problem.s[i], want.s[i], 1e-9);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(problem.alpha[i], -want.alpha[i], 1e-9);
}

}  // namespace
}  // namespace gramian
