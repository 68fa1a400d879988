#include "gramian/explain/dynamics.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

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
Eigen::Map<const RowMajor> matrix(const std::vector<double>& v, Eigen::Index rows) { return {v.data(), rows, rows}; }

// Lists of values, one for each prompt.
struct Values {
  std::vector<double> step, momentum, shrinkage, r2, r2_step, exact_step, exact_shrinkage, momentum_share;
};

class Reader {
 public:
  Reader(const RegressionTask& task, const Network& network)
      : network_(network), d_(task.d()), n_(task.n()), factor_(network.spec.context_factor(task.n())) {
    root_ = Matrix::Identity(d_, d_);  // C^T: |v|_S = |C^T v|
    if (!task.identity_covariance()) root_ = matrix(task.factor(), d_).transpose();
  }

  void read(const Prompt& prompt, std::vector<Values>& layers) const {
    const auto states = implicit_states(network_, prompt.gram, factor_);
    for (std::size_t l = 0; l < layers.size(); ++l) fit(prompt, states, l, layers[l]);
    if (network_.spec.kind == Parametrisation::full) return;
    const auto exact = diagonal_layers(network_, prompt.gram, factor_);
    for (std::size_t l = 0; l < layers.size(); ++l) read_exactly(states[l], exact[l], layers[l]);
  }

 private:
  void fit(const Prompt& prompt, const std::vector<ImplicitState>& states, std::size_t l, Values& values) const {
    const auto w = vector(states[l].w);
    const Vector change = root_ * (vector(states[l + 1].w) - w);
    const double size = change.norm();
    if (!std::isfinite(size) || size <= 1e-12 * (root_ * w).norm()) return;
    const auto gram = matrix(prompt.gram, d_ + 1);
    const Vector gradient =
        (states[l].a * gram.topRightCorner(d_, 1) - gram.topLeftCorner(d_, d_) * w) / static_cast<double>(n_);

    const Eigen::Index terms = std::min<Eigen::Index>(static_cast<Eigen::Index>(l) + 1, 3);
    Matrix basis(d_, terms);
    basis.col(0) = root_ * gradient;
    if (terms > 1) basis.col(1) = root_ * -w;
    if (terms > 2) basis.col(2) = root_ * (w - vector(states[l - 1].w));
    Vector scale = basis.colwise().norm();
    for (Eigen::Index k = 0; k < terms; ++k) scale(k) = scale(k) > 0 ? scale(k) : 1;
    const Matrix unit = basis * scale.cwiseInverse().asDiagonal();
    const Vector coefficients = unit.colPivHouseholderQr().solve(change);
    const double along = unit.col(0).dot(change);
    values.step.push_back(coefficients(0) / scale(0));
    if (terms > 1) values.shrinkage.push_back(coefficients(1) / scale(1));
    if (terms > 2) values.momentum.push_back(coefficients(2) / scale(2));
    values.r2.push_back(1 - (change - unit * coefficients).squaredNorm() / (size * size));
    values.r2_step.push_back(along * along / (size * size));
  }

  void read_exactly(const ImplicitState& before, const DiagonalLayer& layer, Values& values) const {
    const Vector g = root_ * vector(layer.gradient);
    const Vector direct = root_ * (matrix(layer.direct, d_) * vector(layer.gradient));
    const double momentum = (root_ * (matrix(layer.momentum, d_) * vector(before.u))).norm();
    const double shrunk = std::abs(layer.shrinkage) * (root_ * vector(before.w)).norm();
    const double all = direct.norm() + momentum + shrunk;
    if (!(g.squaredNorm() > 0) || !(all > 0) || !std::isfinite(all)) return;
    // g carries the scale c of the network; the step of a mean does not.
    values.exact_step.push_back(-g.dot(direct) / g.squaredNorm() * factor_ * n_);
    values.exact_shrinkage.push_back(-layer.shrinkage);
    values.momentum_share.push_back(momentum / all);
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
  NoiseFeatures(const RegressionTask& task, const Network& network, const std::vector<Prompt>& prompts)
      : sigma(static_cast<Eigen::Index>(prompts.size())) {
    const auto layers = static_cast<std::size_t>(network.spec.layers);
    const double mean = 1.0 / task.n();
    layer.assign(layers, Matrix(sigma.size(), 5));
    residuals = Matrix(sigma.size(), 2);
    for (Eigen::Index p = 0; p < sigma.size(); ++p) {
      const Prompt& prompt = prompts[static_cast<std::size_t>(p)];
      sigma(p) = prompt.sigma;
      const auto states = implicit_states(network, prompt.gram, network.spec.context_factor(task.n()));
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

NoiseProbe probe(const Matrix& fitted, const Vector& sigma, const Matrix& tested, const Vector& test_sigma) {
  if (!fitted.allFinite() || !tested.allFinite()) {
    const double nothing = std::numeric_limits<double>::quiet_NaN();
    return {nothing, nothing};
  }
  const Vector coefficients = fitted.colPivHouseholderQr().solve(sigma);
  const double error = (tested * coefficients - test_sigma).squaredNorm();
  const double spread = (test_sigma.array() - test_sigma.mean()).square().sum();
  return {.r2 = 1 - error / spread, .error = std::sqrt(error / static_cast<double>(test_sigma.size()))};
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
                                              const std::vector<double>& sigmas, std::size_t prompts,
                                              std::uint64_t seed) {
  const Reader reader(task, network);
  const auto layers = static_cast<std::size_t>(network.spec.layers);
  std::vector<std::vector<Reading>> readings(layers);
  for (const double sigma : sigmas) {
    const RegressionTask at = task.with_noise(NoisePrior::constant(sigma).value());
    std::vector<Values> values(layers);
    for (const Prompt& prompt : draw_prompts(at, seed, PromptSet::readings, prompts)) reader.read(prompt, values);
    for (std::size_t l = 0; l < layers; ++l) {
      Values& v = values[l];
      readings[l].push_back({.sigma = sigma,
                             .prompts = v.step.size(),
                             .step = quantiles(std::move(v.step)),
                             .momentum = quantiles(std::move(v.momentum)),
                             .shrinkage = quantiles(std::move(v.shrinkage)),
                             .r2 = quantiles(std::move(v.r2)),
                             .r2_step = quantiles(std::move(v.r2_step)),
                             .exact_step = quantiles(std::move(v.exact_step)),
                             .exact_shrinkage = quantiles(std::move(v.exact_shrinkage)),
                             .momentum_share = quantiles(std::move(v.momentum_share))});
    }
  }
  return readings;
}

std::optional<NoiseReadings> read_noise(const RegressionTask& task, const Network& network, std::size_t prompts,
                                        std::uint64_t seed) {
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
