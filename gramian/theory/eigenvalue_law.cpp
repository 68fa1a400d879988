#include "gramian/theory/eigenvalue_law.h"

#include <algorithm>
#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"

namespace gramian {

namespace {

constexpr int kLargestDimension = 64;
constexpr Eigen::Index kIntervals = 40'000;  // of the integrals; an even number of strides
constexpr Eigen::Index kStride =
    16;  // of the nodes that are kept: the law is smooth, and so is what it weighs
constexpr double kTails = 8;  // on each side of the bulk, in roots of x: beyond it less than e^-60

using Row = Eigen::ArrayXd;  // a function on the grid
using Rows =
    Eigen::Array<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;  // one function a row

// Polynomials of degree 0 .. m-1 at x, orthonormal under the weights (Stieltjes).
Rows orthonormal_polynomials(Eigen::Index m, const Row& x, const Row& weights) {
  Rows p(m, x.size());
  p.row(0) = 1 / std::sqrt(weights.sum());
  double last = 0;
  for (Eigen::Index k = 1; k < m; ++k) {
    const Row now = p.row(k - 1).transpose();
    const double centre = (weights * x * now * now).sum();
    Row next = (x - centre) * now;
    if (k > 1) next -= last * p.row(k - 2).transpose();
    last = std::sqrt((weights * next * next).sum());
    p.row(k) = (next / last).transpose();
  }
  return p;
}

// int sgn(y - x) f(y) dy at every point x of the grid, by the cubic through four neighbours.
Row signed_integral(const Row& f, double step) {
  const Eigen::Index last = f.size() - 1;
  const auto at = [&](Eigen::Index k) { return f[std::clamp<Eigen::Index>(k, 0, last)]; };
  Row below(f.size());
  below[0] = 0;
  for (Eigen::Index k = 0; k < last; ++k) {
    below[k + 1] = below[k] + step / 24 * (13 * (at(k) + at(k + 1)) - at(k - 1) - at(k + 2));
  }
  return below[last] - 2 * below;
}

// The number of eigenvalues of a Wishart matrix of m dimensions and N degrees of freedom per unit
// of t = sqrt(x).
Row density(Eigen::Index m, double degrees, const Row& t, double step) {
  const Row x = t * t;
  const double power = (degrees - static_cast<double>(m) - 1) / 2;
  // In logarithms: w leaves the range of double for many degrees of freedom.
  const Row logarithm = 2 * power * t.max(1e-300).log() - x / 2;
  const Row w = (logarithm - logarithm.maxCoeff()).exp();
  const Row dx = 2 * step * t;
  // p_i w are orthonormal: with polynomials that are so under w itself A is ill-conditioned (1e17
  // for m = 32).
  Rows p = orthonormal_polynomials(m, x, w * w * dx);
  const Eigen::Index size = m + m % 2;
  p.conservativeResize(size, Eigen::NoChange);
  if (size > m) p.row(m).setZero();
  const Rows pw = p.rowwise() * (w * dx / step).transpose();  // per unit of t
  Rows phi = Rows::Ones(size, t.size());
  for (Eigen::Index j = 0; j < m; ++j)
    phi.row(j) = signed_integral(pw.row(j).transpose(), step).transpose();

  Eigen::MatrixXd a = step * pw.matrix() * phi.matrix().transpose();
  if (size > m) a.row(m) = -a.col(m).transpose();
  a = (a - a.transpose()).eval() / 2;  // as it is but for rounding
  const Eigen::MatrixXd inverse = a.inverse();
  return (pw * (inverse.transpose() * phi.matrix()).array()).colwise().sum().transpose();
}

}  // namespace

EigenvalueLaw EigenvalueLaw::without_largest(double rare) const {
  GRAMIAN_ASSERT(rare >= 0 && lambda.size() == count.size());
  EigenvalueLaw kept = *this;
  double left_out = 0;
  while (!kept.count.empty() && left_out + kept.count.back() < rare) {
    left_out += kept.count.back();
    kept.count.pop_back();
    kept.lambda.pop_back();
  }
  return kept;
}

Status check_eigenvalue_law(const RegressionTask& task) {
  const auto refuse = [](const std::string& rule, const auto& found) {
    return fail(ErrorKind::config, "the exact law of the eigenvalues of a prompt needs {}, got {}",
                rule, found);
  };
  if (task.spec().inputs != InputLaw::gaussian) return refuse("[task.inputs] gaussian", "uniform");
  GRAMIAN_TRY(task.scalar_covariance());
  if (task.d() > kLargestDimension)
    return refuse(fmt::format("[task.d] of at most {}", kLargestDimension), task.d());
  if (task.d() == task.n()) return refuse("[task.n] other than [task.d]", task.n());
  return {};
}

Expected<EigenvalueLaw> eigenvalue_law(const RegressionTask& task) {
  GRAMIAN_TRY(check_eigenvalue_law(task));
  const double variance = task.scalar_covariance().value();
  EigenvalueLaw law{.d = task.d(), .n = task.n(), .variance = variance, .lambda = {}, .count = {}};
  const int m = std::min(task.d(), task.n()), degrees = std::max(task.d(), task.n());
  const double first = std::max(0.0, std::sqrt(degrees) - std::sqrt(m) - kTails);
  const double last = std::sqrt(degrees) + std::sqrt(m) + kTails;
  const double step = (last - first) / kIntervals;
  const Row t = Row::LinSpaced(kIntervals + 1, first, last);
  const Row rho = density(m, degrees, t, step);
  if (task.d() > m) {
    law.lambda.push_back(0);
    law.count.push_back(task.d() - m);
  }
  for (Eigen::Index k = 0; k <= kIntervals; k += kStride) {
    const double count = rho[k] * step * kStride;
    if (!(count > 1e-300)) continue;
    law.lambda.push_back(variance * t[k] * t[k] / task.n());
    law.count.push_back(count);
  }
  return law;
}

}  // namespace gramian
