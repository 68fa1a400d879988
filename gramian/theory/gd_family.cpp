#include "gramian/theory/gd_family.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace gramian {

namespace {

constexpr int kIterations = 200;
constexpr double kSmallestStep = 1e-9;  // relative: Levenberg-Marquardt has converged

ContextMean mean_of(const std::vector<double>& values) {
  const double count = static_cast<double>(values.size());
  ContextMean result;
  for (const double v : values) result.mean += v / count;
  double squares = 0;
  for (const double v : values) squares += (v - result.mean) * (v - result.mean);
  result.se = values.size() > 1 ? std::sqrt(squares / (count - 1) / count) : 0;
  return result;
}

double rho(double eigenvalue, std::span<const GdLayer> layers) {
  double s = 1, rho = 1;
  for (const GdLayer& layer : layers) {
    const double l = eigenvalue * s * s;
    rho *= 1 - layer.step * l;
    s *= 1 - layer.curvature * l;
  }
  return rho;
}

// theta: steps, then curvatures; one of each if tied.
class Fit {
 public:
  Fit(const ContextSpectra& spectra, int layers, const GdFamily& family)
      : spectra_(spectra),
        family_(family),
        layers_(static_cast<std::size_t>(layers)),
        stored_(family.tied ? 1 : layers_) {}

  std::size_t parameters() const { return stored_ * (family_.curvature ? 2 : 1); }

  std::vector<GdLayer> layers(const Eigen::VectorXd& theta) const {
    std::vector<GdLayer> list;
    for (std::size_t l = 0; l < layers_; ++l) {
      const auto k = static_cast<Eigen::Index>(family_.tied ? 0 : l);
      list.push_back({theta[k], family_.curvature ? theta[k + static_cast<Eigen::Index>(stored_)] : 0.0});
    }
    return list;
  }

  Eigen::VectorXd theta(std::span<const GdLayer> layers) const {
    Eigen::VectorXd theta(static_cast<Eigen::Index>(parameters()));
    for (std::size_t k = 0; k < stored_; ++k) {
      const GdLayer& layer = layers[std::min(k, layers.size() - 1)];
      theta[static_cast<Eigen::Index>(k)] = layer.step;
      if (family_.curvature) theta[static_cast<Eigen::Index>(k + stored_)] = layer.curvature;
    }
    return theta;
  }

  double squares(const Eigen::VectorXd& theta) const {
    const auto all = layers(theta);
    double sum = 0;
    for (const double lambda : spectra_.eigenvalues()) {
      const double r = rho(lambda, all);
      sum += r * r;
    }
    return sum;
  }

  // J^T J and J^T rho over all eigenvalues.
  void normal_equations(const Eigen::VectorXd& theta, Eigen::MatrixXd& square, Eigen::VectorXd& slope) const {
    const auto all = layers(theta);
    const auto count = static_cast<Eigen::Index>(parameters());
    square = Eigen::MatrixXd::Zero(count, count);
    slope = Eigen::VectorXd::Zero(count);
    Eigen::VectorXd row(count);
    std::vector<double> s(layers_ + 1), r(layers_ + 1);
    for (const double lambda : spectra_.eigenvalues()) {
      s[0] = r[0] = 1;
      for (std::size_t l = 0; l < layers_; ++l) {
        const double x = lambda * s[l] * s[l];
        r[l + 1] = r[l] * (1 - all[l].step * x);
        s[l + 1] = s[l] * (1 - all[l].curvature * x);
      }
      row.setZero();
      double dr = 1, ds = 0;  // adjoints
      for (std::size_t l = layers_; l-- > 0;) {
        const double x = lambda * s[l] * s[l];
        const auto k = static_cast<Eigen::Index>(family_.tied ? 0 : l);
        row[k] -= dr * r[l] * x;
        if (family_.curvature) row[k + static_cast<Eigen::Index>(stored_)] -= ds * s[l] * x;
        const double dx = -dr * r[l] * all[l].step - ds * s[l] * all[l].curvature;
        dr *= 1 - all[l].step * x;
        ds = ds * (1 - all[l].curvature * x) + dx * 2 * lambda * s[l];
      }
      square.selfadjointView<Eigen::Lower>().rankUpdate(row);
      slope += r[layers_] * row;
    }
    square = Eigen::MatrixXd(square.selfadjointView<Eigen::Lower>());
  }

  Eigen::VectorXd minimise(Eigen::VectorXd theta) const {
    double best = squares(theta), damping = 1e-3;
    Eigen::MatrixXd square;
    Eigen::VectorXd slope;
    for (int i = 0; i < kIterations; ++i) {
      normal_equations(theta, square, slope);
      Eigen::VectorXd step;
      double now = best;
      for (; damping < 1e12; damping *= 10) {
        Eigen::MatrixXd damped = square;
        damped.diagonal() *= 1 + damping;
        step = damped.ldlt().solve(-slope);
        now = squares(theta + step);
        if (now <= best) break;
      }
      if (!(now <= best)) break;
      theta += step;
      best = now;
      damping = std::max(damping / 10, 1e-9);
      if (step.norm() <= kSmallestStep * theta.norm()) break;
    }
    return theta;
  }

 private:
  const ContextSpectra& spectra_;
  GdFamily family_;
  std::size_t layers_, stored_;
};

}  // namespace

Expected<ContextSpectra> ContextSpectra::draw(const RegressionTask& task, std::size_t contexts, std::uint64_t seed) {
  const auto d = static_cast<std::size_t>(task.d());
  ContextSpectra spectra;
  spectra.d_ = task.d();
  spectra.variance_ = task.identity_covariance() ? 1 : task.spec().covariance.front();
  for (std::size_t i = 0; i < d && !task.identity_covariance(); ++i) {
    for (std::size_t j = 0; j < d; ++j) {
      const double expected = i == j ? spectra.variance_ : 0;
      if (std::abs(task.spec().covariance[i * d + j] - expected) > 1e-12 * spectra.variance_) {
        return fail(ErrorKind::config,
                    "the closed forms of gradient descent need [task.covariance] to be a multiple of I, got {} at row "
                    "{}, column {}",
                    task.spec().covariance[i * d + j], i, j);
      }
    }
  }
  if (task.spec().noise.max() > 0) {
    return fail(ErrorKind::config, "the closed forms of gradient descent need [task.sigma] 0, got {}",
                task.spec().noise.describe());
  }
  PromptSampler<double> sampler(task, false);
  PromptBlock<double> block(task.d());
  Eigen::MatrixXd s_hat(task.d(), task.d());
  spectra.eigenvalues_.reserve(contexts * d);
  for (std::size_t first = 0; first < contexts; first += kLanes) {
    const PhiloxAddress address{
        .seed = seed, .stream = kTuningStream, .step = 0, .first = static_cast<std::uint32_t>(first)};
    sampler.sample(address, kLanes, block);
    for (std::size_t p = 0; p < std::min<std::size_t>(kLanes, contexts - first); ++p) {
      for (std::size_t i = 0; i < d; ++i) {
        for (std::size_t j = 0; j < d; ++j) {
          s_hat(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) =
              block.gram[(i * (d + 1) + j) * kLanes + p] / task.n();
        }
      }
      const Eigen::VectorXd values =
          Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(s_hat, Eigen::EigenvaluesOnly).eigenvalues();
      spectra.eigenvalues_.insert(spectra.eigenvalues_.end(), values.begin(), values.end());
    }
  }
  return spectra;
}

ContextMean gd_loss(const ContextSpectra& spectra, std::span<const GdLayer> layers) {
  const auto d = static_cast<std::size_t>(spectra.d());
  std::vector<double> losses(spectra.contexts());
  for (std::size_t c = 0; c < losses.size(); ++c) {
    for (std::size_t i = 0; i < d; ++i) {
      const double r = rho(spectra.eigenvalues()[c * d + i], layers);
      losses[c] += 0.5 * spectra.variance() * r * r;
    }
  }
  return mean_of(losses);
}

GdOptimum best_gd(const ContextSpectra& spectra, int layers, const GdFamily& family) {
  // The optimum of one layer, E tr S_hat / E tr S_hat^2, needs no search and begins all others.
  double first = 0, second = 0;
  for (const double lambda : spectra.eigenvalues()) {
    first += lambda;
    second += lambda * lambda;
  }
  std::vector<GdLayer> best{{first / second, 0}};
  for (int count = 1; count <= layers; ++count) {
    const Fit fit(spectra, count, family);
    // A curvature of zero is a saddle for one layer (it is not used there): begin beside it.
    if (family.curvature && count == 2) {
      for (GdLayer& layer : best) layer.curvature = 0.2 * layer.step;
    }
    best = fit.layers(count == 1 ? fit.theta(best) : fit.minimise(fit.theta(best)));
  }
  return {best, gd_loss(spectra, best)};
}

}  // namespace gramian
