#include "gramian/tabular/standardised.h"

#include <algorithm>
#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"

namespace gramian {

namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;

// The standard deviation of a centred column; 0 if it is no larger than the rounding of its
// numbers.
double deviation(const Vector& centred, double largest) {
  const double value = std::sqrt(centred.squaredNorm() / static_cast<double>(centred.size()));
  return value > kConstantColumn * largest ? value : 0.0;
}

}  // namespace

double LinearModel::predict(std::span<const double> input) const {
  GRAMIAN_ASSERT(input.size() == slopes.size());
  double sum = intercept;
  for (std::size_t i = 0; i < slopes.size(); ++i) sum += slopes[i] * input[i];
  return sum;
}

LinearModel Standardised::model(std::span<const double> w) const {
  GRAMIAN_ASSERT(w.size() == d);
  LinearModel model{y_mean, std::vector<double>(d)};
  for (std::size_t j = 0; j < d; ++j) {
    for (std::size_t i = 0; i < d; ++i) model.slopes[j] += y_deviation * w[i] * to_z[i * d + j];
    model.intercept -= model.slopes[j] * x_mean[j];
  }
  return model;
}

Expected<Standardised> standardise(const TableRows& rows, bool whiten) {
  GRAMIAN_ASSERT(rows.size() >= 1 && rows.x.size() == rows.size() * rows.d);
  const auto n = static_cast<Eigen::Index>(rows.size()), d = static_cast<Eigen::Index>(rows.d);
  Standardised result;
  result.rows = rows.size();
  result.d = rows.d;

  Matrix z = Eigen::Map<const Matrix>(rows.x.data(), n, d);
  const Vector largest = z.cwiseAbs().colwise().maxCoeff();
  const Vector mean = z.colwise().mean();
  z.rowwise() -= mean.transpose();
  Matrix to_z = Matrix::Zero(d, d);
  for (Eigen::Index i = 0; i < d; ++i) {
    const double scale = deviation(z.col(i), largest(i));
    if (scale == 0) result.constants.push_back(static_cast<std::size_t>(i));
    to_z(i, i) = scale > 0 ? 1 / scale : 0.0;
  }
  z *= to_z.diagonal().asDiagonal();

  Vector v = Eigen::Map<const Vector>(rows.y.data(), n);
  const double most = v.cwiseAbs().maxCoeff();
  result.y_mean = v.mean();
  v.array() -= result.y_mean;
  result.y_deviation = deviation(v, most);
  v *= result.y_deviation > 0 ? 1 / result.y_deviation : 0.0;

  Matrix s = z.transpose() * z / static_cast<double>(n);
  Vector alpha = z.transpose() * v / static_cast<double>(n);
  if (whiten) {
    const Eigen::SelfAdjointEigenSolver<Matrix> eigen(s);
    const double smallest = eigen.eigenvalues()(0);
    if (!(smallest > kSmallestEigenvalue)) {
      return fail(ErrorKind::numeric,
                  "whitening needs inputs of which none follows from the others, but the smallest "
                  "eigenvalue of their "
                  "correlations over {} rows is {:.1e}: leave out a column, or do not whiten",
                  n, std::max(0.0, smallest));
    }
    const Matrix root = eigen.operatorInverseSqrt();
    to_z = root * to_z;
    alpha = root * alpha;
    s = Matrix::Identity(d, d);
  }
  result.x_mean.assign(mean.data(), mean.data() + d);
  result.to_z.assign(to_z.data(), to_z.data() + d * d);
  result.s.assign(s.data(), s.data() + d * d);
  result.alpha.assign(alpha.data(), alpha.data() + d);
  result.lambda = v.squaredNorm() / static_cast<double>(n);
  return result;
}

}  // namespace gramian
