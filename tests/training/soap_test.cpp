#include "gramian/training/soap.h"
#include "gramian/base/decompositions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace gramian {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr std::size_t kRows = 4;
constexpr Eigen::Index kSize = 4;

Matrix random_matrix(std::mt19937_64& generator, Eigen::Index rows = kSize) {
  std::normal_distribution<double> normal;
  return Matrix::NullaryExpr(rows, rows, [&] { return normal(generator); });
}

Matrix rotation(std::mt19937_64& generator) {
  return Eigen::HouseholderQR<Matrix>(random_matrix(generator)).householderQ();
}

std::vector<double> entries(const Matrix& m) { return {m.data(), m.data() + m.size()}; }

AdamState beginning(std::size_t parameters) {
  return {.first = std::vector<double>(parameters), .second = std::vector<double>(parameters)};
}

// Before its first eigendecomposition SOAP is Adam, but for the floor under small second moments.
TEST(Soap, BeginsAsAdam) {
  std::mt19937_64 generator(1);
  const OptimiserSpec spec{.epsilon = 1e-20, .weight_decay = 0.1};
  Soap soap(kRows);
  std::vector<double> ours(2 * kRows * kRows, 1.0), theirs = ours;
  AdamState adam = beginning(ours.size()), reference;
  SoapState state = soap.initial(ours.size());
  for (int step = 0; step < 5; ++step) {
    std::vector<double> gradient = entries(random_matrix(generator));
    const std::vector<double> other = entries(random_matrix(generator));
    gradient.insert(gradient.end(), other.begin(), other.end());
    soap.step(spec, 0.1, gradient, adam, state, ours);
    adam_step(spec, 0.1, gradient, reference, theirs);
  }
  EXPECT_EQ(adam.step, 5);
  // sqrt(v) has a floor of 1e-8 of its largest: with normal gradients a relative change below 1e-6.
  for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours[i], theirs[i], 1e-6) << i;
}

// A rotated sequence of gradients gives rotated steps, once the second moments of the first steps,
// which were those of the coordinates, are forgotten. Adam's steps do not rotate.
TEST(Soap, DoesNotDependOnTheCoordinates) {
  std::mt19937_64 generator(2);
  const Matrix left = rotation(generator), right = rotation(generator);
  const OptimiserSpec spec{.beta2 = 0.5, .epsilon = 1e-20};
  const Matrix scale = Eigen::Vector4d(1, 0.3, 0.1, 0.03).asDiagonal();
  Soap soap(kRows);
  std::vector<double> plain(kRows * kRows), rotated(kRows * kRows);
  AdamState plain_adam = beginning(plain.size()), rotated_adam = plain_adam;
  SoapState plain_state = soap.initial(plain.size()), rotated_state = plain_state;
  for (int step = 0; step < 300; ++step) {
    const std::vector<double> before = plain, rotated_before = rotated;
    const Matrix gradient = scale * random_matrix(generator) * scale;
    soap.step(spec, 0.1, entries(gradient), plain_adam, plain_state, plain);
    soap.step(spec, 0.1, entries(left * gradient * right.transpose()), rotated_adam, rotated_state,
              rotated);
    if (step < 200) continue;
    const auto change = [](const std::vector<double>& from,
                           const std::vector<double>& to) -> Matrix {
      return Eigen::Map<const Matrix>(to.data(), kSize, kSize) -
             Eigen::Map<const Matrix>(from.data(), kSize, kSize);
    };
    const Matrix expected = left * change(before, plain) * right.transpose();
    EXPECT_LT((change(rotated_before, rotated) - expected).cwiseAbs().maxCoeff(), 1e-9) << step;
  }
}

// A direction of zero gradient is not moved by its rounding errors.
TEST(Soap, LeavesWhatHasNoInfluence) {
  std::mt19937_64 generator(4);
  const Matrix basis = rotation(generator);
  Soap soap(kRows);
  std::vector<double> w(kRows * kRows);
  AdamState adam = beginning(w.size());
  SoapState state = soap.initial(w.size());
  Matrix keep = Matrix::Identity(kSize, kSize);
  keep(3, 3) = 0;
  const Matrix project =
      basis * keep * basis.transpose();  // no gradient along the last column of basis
  for (int step = 0; step < 500; ++step) {
    if (step == 20) std::fill(w.begin(), w.end(), 0.0);  // Adam's first steps are along the axes
    soap.step({.epsilon = 1e-20}, 0.01, entries(project * random_matrix(generator)), adam, state,
              w);
  }
  const Matrix moved = Eigen::Map<const Matrix>(w.data(), kSize, kSize);
  // Second moments of the first steps, along the axes, take some hundred steps to be forgotten.
  EXPECT_GT((project * moved).norm(), 0.1);
  EXPECT_LT((basis.col(3).transpose() * moved).norm(), 1e-6 * moved.norm());
}

}  // namespace
}  // namespace gramian
