// Singular values against matrices that are made of them.
#include "gramian/base/singular_values.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace gramian {
namespace {

// A = 3 u v^T + 0.5 a b^T with orthonormal u, a and v, b.
std::vector<double> rank_two() {
  const double u[] = {0.6, 0.8, 0}, a[] = {-0.8, 0.6, 0};
  const double v[] = {0.5, 0.5, 0.5, 0.5}, b[] = {0.5, -0.5, 0.5, -0.5};
  std::vector<double> matrix;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 4; ++j) matrix.push_back(3 * u[i] * v[j] + 0.5 * a[i] * b[j]);
  }
  return matrix;
}

TEST(SingularValues, AreThoseThatAMatrixIsMadeOf) {
  const auto svd = singular_values(rank_two(), 3, 4);
  ASSERT_EQ(svd.size(), 3);
  EXPECT_NEAR(svd.sigma[0], 3, 1e-12);
  EXPECT_NEAR(svd.sigma[1], 0.5, 1e-12);
  EXPECT_NEAR(svd.sigma[2], 0, 1e-12);
  EXPECT_NEAR(svd.energy(1), 9 / 9.25, 1e-12);
  EXPECT_NEAR(svd.energy(2), 1, 1e-12);
  EXPECT_NEAR(svd.gap(1), 6, 1e-12);
  EXPECT_GT(svd.gap(2), 1e12);
  EXPECT_TRUE(std::isinf(svd.gap(3)));
  EXPECT_EQ(svd.rank_above(0.1), 2);
  EXPECT_EQ(svd.rank_above(0.2), 1);
  EXPECT_NEAR(std::abs(svd.left[0][1]), 0.8, 1e-12);
  EXPECT_NEAR(std::abs(svd.right[1][2]), 0.5, 1e-12);
}

TEST(SingularValues, OfTheTransposeAreTheSame) {
  const auto matrix = rank_two();
  std::vector<double> transposed;
  for (std::size_t j = 0; j < 4; ++j) {
    for (std::size_t i = 0; i < 3; ++i) transposed.push_back(matrix[i * 4 + j]);
  }
  const auto one = singular_values(matrix, 3, 4), other = singular_values(transposed, 4, 3);
  for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(one.sigma[k], other.sigma[k], 1e-12);
  EXPECT_NEAR(std::abs(other.right[0][0]), 0.6, 1e-12);
}

TEST(SingularValues, TruncationIsTheSumOfTheFirst) {
  std::vector<double> matrix;  // of full rank
  for (int i = 0; i < 30; ++i) matrix.push_back(std::sin(1.0 + i * i));
  const auto svd = singular_values(matrix, 5, 6);
  const auto whole = svd.truncated(5);
  for (std::size_t i = 0; i < matrix.size(); ++i) EXPECT_NEAR(whole[i], matrix[i], 1e-12);
  for (int rank = 0; rank <= 5; ++rank) {  // Eckart and Young: what is left out is the tail
    const auto part = svd.truncated(rank);
    double squares = 0, all = 0;
    for (std::size_t i = 0; i < matrix.size(); ++i) {
      squares += (matrix[i] - part[i]) * (matrix[i] - part[i]);
      all += matrix[i] * matrix[i];
    }
    EXPECT_NEAR(squares / all, 1 - svd.energy(rank), 1e-12) << rank;
  }
}

TEST(SingularValues, SmallOnesKeepTheirDigits) {
  // 1e-10 of the largest is lost in the eigenvalues of A^T A.
  const auto svd = singular_values(std::vector<double>{1, 1, 1e-10, -1e-10}, 2, 2);
  EXPECT_NEAR(svd.sigma[0], std::numbers::sqrt2, 1e-12);
  EXPECT_NEAR(svd.sigma[1] / 1e-10, std::numbers::sqrt2, 1e-6);
}

TEST(SingularValues, OfZeroAreZero) {
  const auto svd = singular_values(std::vector<double>(6), 2, 3);
  EXPECT_EQ(svd.sigma, (std::vector<double>{0, 0}));
  EXPECT_EQ(svd.energy(1), 1);
  EXPECT_EQ(svd.rank_above(0.05), 0);
  EXPECT_EQ(svd.truncated(2), std::vector<double>(6));
}

TEST(SingularValues, OfWhatIsNoNumberAreNone) {
  const auto svd = singular_values(std::vector<double>{1, NAN, 0, 1}, 2, 2);
  EXPECT_TRUE(std::isnan(svd.sigma[0]));
  EXPECT_TRUE(std::isnan(svd.energy(1)));
  EXPECT_TRUE(std::isnan(svd.truncated(1)[0]));
  EXPECT_EQ(svd.rank_above(0.05), 0);
}

TEST(LargestAngle, IsThatOfTheVectorFarthestOut) {
  const std::vector<std::vector<double>> plane{{1, 0, 0}, {0, 1, 0}};
  const double c = std::cos(0.3), s = std::sin(0.3);
  EXPECT_NEAR(largest_angle(std::vector<std::vector<double>>{{c, 0, s}}, plane), 0.3, 1e-12);
  EXPECT_NEAR(largest_angle(std::vector<std::vector<double>>{{c, 0, s}, {0, 1, 0}}, plane), 0.3,
              1e-12);
  EXPECT_NEAR(largest_angle(std::vector<std::vector<double>>{{0, 0, 1}}, plane),
              std::numbers::pi / 2, 1e-12);
  EXPECT_NEAR(largest_angle(std::vector<std::vector<double>>{{0, 1, 0}}, plane), 0, 1e-12);
}

}  // namespace
}  // namespace gramian
