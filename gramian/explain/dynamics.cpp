#include "gramian/explain/dynamics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gramian/base/decompositions.h"
#include "gramian/evaluation/statistics.h"
#include "gramian/explain/prompts.h"
#include "gramian/theory/implicit.h"

namespace gramian {

namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Map<const Vector> vector(const std::vector<double>& v) {
  return {v.data(), static_cast<Eigen::Index>(v.size())};
}
Eigen::Map<const RowMajor> matrix(const std::vector<double>& v, Eigen::Index rows) {
  return {v.data(), rows, rows};
}

// Lists of values, one for each prompt.
struct Values {
  std::vector<double> step, shrinkage, momentum_share, r2;
  std::vector<double> plain_step, plain_momentum, plain_shrinkage, plain_r2, gradient_r2, size,
      left;
};

// Coefficients of the columns that come nearest to `change`, which is not 0.
struct Fit {
  Fit(const Matrix& basis, const Vector& change) {
    Vector scale = basis.colwise().norm();
    for (double& s : scale) s = s > 0 ? s : 1;
    const Matrix unit = basis * scale.cwiseInverse().asDiagonal();
    const Vector solution = unit.colPivHouseholderQr().solve(change);
    r2 = 1 - (change - unit * solution).squaredNorm() / change.squaredNorm();
    coefficients = solution.cwiseQuotient(scale);
  }
  Vector coefficients;
  double r2 = 0;
};

class Reader {
 public:
  Reader(const RegressionTask& task, const Network& network)
      : network_(network),
        d_(task.d()),
        n_(task.n()),
        factor_(network.spec.context_factor(task.n())) {
    root_ = Matrix::Identity(d_, d_);  // C^T: |v|_S = |C^T v|
    if (!task.identity_covariance()) root_ = matrix(task.factor(), d_).transpose();
  }

  void read(const Prompt& prompt, std::vector<Values>& layers) const {
    const auto states = implicit_states(network_, prompt.gram, factor_);
    const LeastSquares context = least_squares(prompt.gram, 1.0 / n_);
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const Vector change = root_ * (vector(states[l + 1].w) - vector(states[l].w));
      const double before = (root_ * vector(states[l].w)).norm();
      if (!std::isfinite(change.norm()) || change.norm() <= 1e-12 * before) continue;
      if (l > 0) layers[l].size.push_back((root_ * vector(states[l + 1].w)).norm() / before);
      layers[l].left.push_back(states[l + 1].a);
      read_plainly(context, states, l, change, layers[l]);
      read_as_seen(prompt, context, states[l], static_cast<int>(l), change, layers[l]);
    }
  }

 private:
  void read_plainly(const LeastSquares& context, const std::vector<ImplicitState>& states,
                    std::size_t l, const Vector& change, Values& values) const {
    const auto w = vector(states[l].w);
    const Eigen::Index terms = std::min<Eigen::Index>(static_cast<Eigen::Index>(l) + 1, 3);
    Matrix basis(d_, terms);
    basis.col(0) = root_ * (matrix(context.sigma, d_) * (states[l].a * vector(context.w_star) - w));
    if (terms > 1) basis.col(1) = root_ * -w;
    if (terms > 2) basis.col(2) = root_ * (w - vector(states[l - 1].w));
    const Fit fit(basis, change);
    values.plain_step.push_back(fit.coefficients(0));
    if (terms > 1) values.plain_shrinkage.push_back(fit.coefficients(1));
    if (terms > 2) values.plain_momentum.push_back(fit.coefficients(2));
    values.plain_r2.push_back(fit.r2);
    values.gradient_r2.push_back(Fit(basis.leftCols(1), change).r2);
  }

  // Everything for means: `context` is, and omegas are made to be.
  void read_as_seen(const Prompt& prompt, const LeastSquares& context, const ImplicitState& before,
                    int l, const Vector& change, Values& values) const {
    const auto w = vector(before.w);
    const ContextMoments seen = moments_at(before, prompt.gram, 1.0 / n_);
    Matrix basis(d_, l > 0 ? 2 : 1);
    basis.col(0) = root_ * (matrix(before.m, d_).transpose() * vector(seen.alpha));
    if (l > 0) basis.col(1) = root_ * -w;
    Vector coefficients(basis.cols());
    if (network_.spec.is_dense()) {
      coefficients = Fit(basis, change).coefficients;
    } else {
      const Omega omega = network_.omega(l);
      coefficients(0) = -omega.yx * factor_ * n_;
      if (l > 0) coefficients(1) = -omega.yy * factor_ * n_ * seen.lambda;
    }
    const DiagonalLayer parts = diagonal_layer({.yx = -coefficients(0)}, before, context);
    const Vector g = root_ * vector(parts.gradient);
    const Vector direct = root_ * (matrix(parts.direct, d_) * vector(parts.gradient));
    const double momentum = (root_ * (matrix(parts.momentum, d_) * vector(before.u))).norm();
    const double shrunk = l > 0 ? std::abs(coefficients(1)) * (root_ * w).norm() : 0;
    values.r2.push_back(1 - (change - basis * coefficients).squaredNorm() / change.squaredNorm());
    if (g.squaredNorm() > 0) values.step.push_back(-g.dot(direct) / g.squaredNorm());
    if (l > 0) values.shrinkage.push_back(coefficients(1));
    values.momentum_share.push_back(momentum / (direct.norm() + momentum + shrunk));
  }

  const Network& network_;
  Eigen::Index d_;
  int n_;
  double factor_;
  Matrix root_;
};

// ---- the noise level

// Features [1, ..] of each layer, and of least squares last.
class NoiseFeatures {
 public:
  NoiseFeatures(const RegressionTask& task, const Network& network,
                const std::vector<Prompt>& prompts)
      : sigma(static_cast<Eigen::Index>(prompts.size())) {
    const auto layers = static_cast<std::size_t>(network.spec.layers);
    const double mean = 1.0 / task.n();
    layer.assign(layers, Matrix(sigma.size(), 5));
    residuals = Matrix(sigma.size(), 2);
    for (Eigen::Index p = 0; p < sigma.size(); ++p) {
      const Prompt& prompt = prompts[static_cast<std::size_t>(p)];
      sigma(p) = prompt.sigma;
      const auto states =
          implicit_states(network, prompt.gram, network.spec.context_factor(task.n()));
      for (std::size_t l = 0; l < layers; ++l) {
        const ContextMoments seen = moments_at(states[l], prompt.gram, mean);
        const auto s = matrix(seen.sigma, task.d());
        layer[l].row(p) << 1, std::sqrt(std::max(0.0, seen.lambda)), vector(seen.alpha).norm(),
            std::sqrt(std::max(0.0, s.trace())), std::sqrt(s.norm());
      }
      residuals.row(p) << 1, std::sqrt(least_squares(prompt.gram, mean).rho);
    }
  }

  Vector sigma;
  std::vector<Matrix> layer;
  Matrix residuals;
};

NoiseProbe probe(const Matrix& fitted, const Vector& sigma, const Matrix& tested,
                 const Vector& test_sigma) {
  if (!fitted.allFinite() || !tested.allFinite()) {
    const double nothing = std::numeric_limits<double>::quiet_NaN();
    return {nothing, nothing, nothing};
  }
  const Vector coefficients = fitted.colPivHouseholderQr().solve(sigma);
  const Vector errors = (tested * coefficients - test_sigma).array().square();
  const Vector spreads = (test_sigma.array() - test_sigma.mean()).square();
  const auto count = static_cast<std::size_t>(errors.size());
  const Ratio left = ratio_of_means({errors.data(), count}, {spreads.data(), count});
  return {.r2 = 1 - left.value, .r2_error = left.error, .error = std::sqrt(errors.mean())};
}

}  // namespace

std::optional<Quantiles> quantiles(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return std::lerp(values[below], values[above], place - static_cast<double>(below));
  };
  return Quantiles{.low = at(0.1), .median = at(0.5), .high = at(0.9)};
}

std::vector<std::vector<Reading>> read_layers(const RegressionTask& task, const Network& network,
                                              const std::vector<double>& sigmas,
                                              std::size_t prompts, std::uint64_t seed) {
  const Reader reader(task, network);
  const auto layers = static_cast<std::size_t>(network.spec.layers);
  std::vector<std::vector<Reading>> readings(layers);
  for (const double sigma : sigmas) {
    const RegressionTask at = task.with_noise(NoisePrior::constant(sigma).value());
    std::vector<Values> values(layers);
    for (const Prompt& prompt : draw_prompts(at, seed, PromptSet::readings, prompts))
      reader.read(prompt, values);
    for (std::size_t l = 0; l < layers; ++l) {
      Values& v = values[l];
      readings[l].push_back({.sigma = sigma,
                             .prompts = v.r2.size(),
                             .step = quantiles(std::move(v.step)),
                             .shrinkage = quantiles(std::move(v.shrinkage)),
                             .momentum_share = quantiles(std::move(v.momentum_share)),
                             .r2 = quantiles(std::move(v.r2)),
                             .plain_step = quantiles(std::move(v.plain_step)),
                             .plain_momentum = quantiles(std::move(v.plain_momentum)),
                             .plain_shrinkage = quantiles(std::move(v.plain_shrinkage)),
                             .plain_r2 = quantiles(std::move(v.plain_r2)),
                             .gradient_r2 = quantiles(std::move(v.gradient_r2)),
                             .size = quantiles(std::move(v.size)),
                             .left = quantiles(std::move(v.left))});
    }
  }
  return readings;
}

std::optional<NoiseReadings> read_noise(const RegressionTask& task, const Network& network,
                                        std::size_t prompts, std::uint64_t seed) {
  if (task.spec().noise.is_constant()) return {};
  const NoiseFeatures fit(task, network, draw_prompts(task, seed, PromptSet::probe, prompts));
  const NoiseFeatures test(task, network, draw_prompts(task, seed, PromptSet::probe_test, prompts));
  NoiseReadings readings;
  for (std::size_t l = 0; l < fit.layer.size(); ++l) {
    readings.layers.push_back(probe(fit.layer[l], fit.sigma, test.layer[l], test.sigma));
  }
  readings.residuals = probe(fit.residuals, fit.sigma, test.residuals, test.sigma);
  return readings;
}

}  // namespace gramian
