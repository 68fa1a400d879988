#include "gramian/tabular/network_regressor.h"

#include <cmath>
#include <limits>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"
#include "gramian/lanes/view.h"
#include "gramian/models/pass.h"
#include "gramian/theory/equivalent_context.h"

namespace gramian {

namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;
using ConstMatrix = Eigen::Map<const Matrix>;
using ConstVector = Eigen::Map<const Vector>;

// w^L of one prompt: lane 0 of a block whose other lanes are empty.
Vector implicit_weights(const Network& network, const std::vector<double>& gram, int n) {
  PromptBlock<double> block(network.spec.d);
  lane_view(block.gram).copy_in(0, gram.data());
  AlignedArray<double> weights(block.truth.size());
  NetworkPass<double>(network.spec)
      .forward(network.theta.data(), block, network.spec.context_factor(n), weights.data());
  Vector w(network.spec.d);
  lane_view(weights).copy_out(0, w.data());
  return w;
}

}  // namespace

Expected<NetworkRegressor> NetworkRegressor::create(const Network& network,
                                                    const RegressionTask& task, bool whiten) {
  if (network.spec.query_in_keys) {
    return fail(ErrorKind::config,
                "[model.query_in_keys] must be false for predictions: with it each query changes "
                "the Gram matrix");
  }
  if (whiten && !task.identity_covariance()) {
    return fail(ErrorKind::config,
                "whitened inputs are isotropic, but the network was trained with "
                "[task.covariance]: do not whiten");
  }
  NetworkRegressor result;
  result.network_ = network;
  result.whiten_ = whiten;
  result.n_ = task.n();
  result.mean_square_noise_ = task.spec().noise.mean_square();
  const Eigen::Index d = task.d();
  Matrix covariance = Matrix::Identity(d, d), prior = Matrix::Identity(d, d);
  if (!task.identity_covariance()) covariance = ConstMatrix(task.spec().covariance.data(), d, d);
  if (task.spec().weights == WeightLaw::inverse_covariance) prior = covariance.inverse();
  const double largest = Eigen::SelfAdjointEigenSolver<Matrix>(covariance, Eigen::EigenvaluesOnly)
                             .eigenvalues()(d - 1);
  result.edge_ = largest * std::pow(1 + std::sqrt(static_cast<double>(task.d()) / task.n()), 2);
  const Vector variances = covariance.diagonal();
  result.variances_.assign(variances.data(), variances.data() + d);
  result.prior_.assign(prior.data(), prior.data() + d * d);
  return result;
}

NetworkRegressor::Units NetworkRegressor::units(const Standardised& problem) const {
  const auto d = static_cast<Eigen::Index>(problem.d);
  Vector inputs = ConstVector(variances_.data(), d).cwiseSqrt();
  Matrix s = inputs.asDiagonal() * ConstMatrix(problem.s.data(), d, d) * inputs.asDiagonal();
  const double largest =
      Eigen::SelfAdjointEigenSolver<Matrix>(s, Eigen::EigenvaluesOnly).eigenvalues()(d - 1);
  if (largest > edge_) {
    inputs *= std::sqrt(edge_ / largest);
    s *= edge_ / largest;
  }
  const double signal = (s * ConstMatrix(prior_.data(), d, d)).trace();
  return {{inputs.data(), inputs.data() + d}, std::sqrt(signal + mean_square_noise_)};
}

std::vector<double> NetworkRegressor::gram(const Standardised& problem) const {
  GRAMIAN_ASSERT(problem.d == static_cast<std::size_t>(network_.spec.d));
  const auto d = static_cast<Eigen::Index>(problem.d);
  const Units scale = units(problem);
  const ConstVector inputs(scale.inputs.data(), d);
  const Matrix s = inputs.asDiagonal() * ConstMatrix(problem.s.data(), d, d) * inputs.asDiagonal();
  const Vector alpha = scale.target * inputs.cwiseProduct(ConstVector(problem.alpha.data(), d));
  double lambda = scale.target * scale.target * problem.lambda;

  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(s);
  const Vector b = eigen.eigenvectors().transpose() * alpha;
  const double smallest = 16 * static_cast<double>(d) * std::numeric_limits<double>::epsilon() *
                          eigen.eigenvalues()(d - 1);
  double explained = 0;
  std::ptrdiff_t rank = 0;
  for (Eigen::Index i = 0; i < d; ++i) {
    if (eigen.eigenvalues()(i) <= smallest) continue;
    explained += b(i) * b(i) / eigen.eigenvalues()(i);
    ++rank;
  }
  const auto freedom = static_cast<std::ptrdiff_t>(problem.rows) - rank - 1;
  if (freedom >= 1 && n_ > rank) {
    lambda = equivalent_square(lambda, explained, static_cast<double>(n_ - rank),
                               static_cast<double>(freedom));
  }

  Matrix gram(d + 1, d + 1);
  gram.topLeftCorner(d, d) = n_ * s;
  gram.col(d).head(d) = n_ * alpha;
  gram.row(d).head(d) = n_ * alpha.transpose();
  gram(d, d) = n_ * lambda;
  return {gram.data(), gram.data() + gram.size()};
}

Expected<Fit> NetworkRegressor::fit(const TableRows& rows) const {
  if (rows.d != static_cast<std::size_t>(network_.spec.d)) {
    return fail(ErrorKind::config, "{} inputs, but the network was trained for d = {}", rows.d,
                network_.spec.d);
  }
  const auto problem = GRAMIAN_TRY(standardise(rows, whiten_));
  const auto d = static_cast<Eigen::Index>(problem.d);
  Vector w = Vector::Zero(d);
  bool exploded = false;
  if (problem.y_deviation > 0) {
    const Units scale = units(problem);
    w = implicit_weights(network_, gram(problem), n_);
    w = w.cwiseProduct(ConstVector(scale.inputs.data(), d)) / scale.target;
    // What the fit changes in the mean square of v over the rows.
    const double change = w.dot(ConstMatrix(problem.s.data(), d, d) * w) -
                          2 * w.dot(ConstVector(problem.alpha.data(), d));
    exploded = !(change <= 0);
    if (exploded) w.setZero();
  }
  return Fit{problem.model({w.data(), rows.d}), exploded};
}

}  // namespace gramian
