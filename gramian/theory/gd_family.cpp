#include "gramian/theory/gd_family.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"
#include "gramian/tasks/blocks.h"

namespace gramian {

namespace {

constexpr int kIterations = 200;
constexpr double kSmallestStep = 1e-9;  // relative: Levenberg-Marquardt has converged

// Deep GD++ has many local minima. The search begins from so many starts; those with the least loss
// after a few iterations go on.
constexpr int kStarts = 96;
constexpr int kTrialIterations = 20;
constexpr std::size_t kFinalists = 8;
constexpr int kFinalIterations = 500;
constexpr double kGuarded = 1e-7;  // rarer eigenvalues are not guarded

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

// The eigenvalues that the loss is a sum over: sum_k count_k (rho_k^2 + noise / lambda_k
// (1 - rho_k)^2).
struct LossTerms {
  std::span<const double> lambda;
  std::span<const double> count = {};  // empty: one of each
  double noise = 0;                    // E sigma^2 / n
  // Further eigenvalues, which add (|rho| - 1)^2 where |rho| > 1.
  std::span<const double> guards = {};

  double count_of(std::size_t k) const { return count.empty() ? 1 : count[k]; }
  double noise_of(std::size_t k) const { return lambda[k] > 0 ? noise / lambda[k] : 0; }
};

// theta: steps, then curvatures; one of each if tied.
class Fit {
 public:
  Fit(const LossTerms& terms, int layers, const GdFamily& family)
      : terms_(terms),
        family_(family),
        layers_(static_cast<std::size_t>(layers)),
        stored_(family.tied ? 1 : layers_) {}

  std::size_t parameters() const { return stored_ * (family_.curvature ? 2 : 1); }

  std::vector<GdLayer> layers(const Eigen::VectorXd& theta) const {
    std::vector<GdLayer> list;
    for (std::size_t l = 0; l < layers_; ++l) {
      const auto k = static_cast<Eigen::Index>(family_.tied ? 0 : l);
      list.push_back(
          {theta[k], family_.curvature ? theta[k + static_cast<Eigen::Index>(stored_)] : 0.0});
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
    for (std::size_t k = 0; k < terms_.lambda.size(); ++k) {
      const double r = rho(terms_.lambda[k], all);
      sum += terms_.count_of(k) * (r * r + terms_.noise_of(k) * (1 - r) * (1 - r));
    }
    for (const double lambda : terms_.guards) {
      const double excess = excess_of(rho(lambda, all));
      sum += excess * excess;
    }
    return sum;
  }

  // J^T J and J^T times the residuals, rho and sqrt(noise / lambda) (1 - rho), over all
  // eigenvalues.
  void normal_equations(const Eigen::VectorXd& theta, Eigen::MatrixXd& square,
                        Eigen::VectorXd& slope) const {
    const auto all = layers(theta);
    const auto size = static_cast<Eigen::Index>(parameters());
    square = Eigen::MatrixXd::Zero(size, size);
    slope = Eigen::VectorXd::Zero(size);
    Eigen::VectorXd row(size);
    for (std::size_t k = 0; k < terms_.lambda.size(); ++k) {
      const double count = terms_.count_of(k), noise = terms_.noise_of(k);
      const double end = rho_and_slope(terms_.lambda[k], all, row);
      square.selfadjointView<Eigen::Lower>().rankUpdate(row, count * (1 + noise));
      slope += count * (end - noise * (1 - end)) * row;
    }
    for (const double lambda : terms_.guards) {
      const double excess = excess_of(rho_and_slope(lambda, all, row));
      if (excess == 0) continue;
      square.selfadjointView<Eigen::Lower>().rankUpdate(row);
      slope += excess * row;
    }
    square = Eigen::MatrixXd(square.selfadjointView<Eigen::Lower>());
  }

  static double excess_of(double rho) { return rho > 1 ? rho - 1 : rho < -1 ? rho + 1 : 0; }

  // rho after the last layer, and its derivatives by theta in `row`.
  double rho_and_slope(double lambda, std::span<const GdLayer> all, Eigen::VectorXd& row) const {
    std::array<double, kMaxLayers + 1> s, r;  // on the stack: this runs for every node
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
    return r[layers_];
  }

  Eigen::VectorXd minimise(Eigen::VectorXd theta, int iterations = kIterations) const {
    double best = squares(theta), damping = 1e-3;
    Eigen::MatrixXd square;
    Eigen::VectorXd slope;
    for (int i = 0; i < iterations; ++i) {
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
  LossTerms terms_;
  GdFamily family_;
  std::size_t layers_, stored_;
};

}  // namespace

Expected<ContextSpectra> ContextSpectra::draw(const RegressionTask& task, std::size_t contexts,
                                              std::uint64_t seed) {
  const auto d = static_cast<std::size_t>(task.d());
  ContextSpectra spectra;
  spectra.d_ = task.d();
  const auto variance = GRAMIAN_TRY(task.scalar_covariance());
  spectra.variance_ = variance;
  if (task.spec().noise.max() > 0) {
    return fail(ErrorKind::config,
                "the closed forms of gradient descent need [task.sigma] 0, got {}",
                task.spec().noise.describe());
  }
  PromptSampler<double> sampler(task, false);
  PromptBlock<double> prompts(task.d());
  const LaneView<const double> gram(prompts.gram.data(), d + 1, d + 1);
  Eigen::MatrixXd s_hat(task.d(), task.d());
  spectra.eigenvalues_.reserve(contexts * d);
  const PromptSeries series{.seed = seed, .stream = kTuningStream, .count = contexts};
  for_blocks(series, [&](const SeriesBlock& block) {
    sampler.sample(block.address, block.count, prompts);
    for (std::size_t p = 0; p < static_cast<std::size_t>(block.count); ++p) {
      for (std::size_t i = 0; i < d; ++i) {
        for (std::size_t j = 0; j < d; ++j) {
          s_hat(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) =
              gram.at(i, j, p) / task.n();
        }
      }
      const Eigen::VectorXd values =
          Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(s_hat, Eigen::EigenvaluesOnly)
              .eigenvalues();
      spectra.eigenvalues_.insert(spectra.eigenvalues_.end(), values.begin(), values.end());
    }
  });
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
  GRAMIAN_ASSERT(layers >= 1 && spectra.contexts() > 0);
  // The optimum of one layer, E tr S_hat / E tr S_hat^2, needs no search and begins all others.
  double first = 0, second = 0;
  for (const double lambda : spectra.eigenvalues()) {
    first += lambda;
    second += lambda * lambda;
  }
  std::vector<GdLayer> best{{first / second, 0}};
  for (int count = 1; count <= layers; ++count) {
    const Fit fit({spectra.eigenvalues()}, count, family);
    // A curvature of zero is a saddle for one layer (it is not used there): begin beside it.
    if (family.curvature && count == 2) {
      for (GdLayer& layer : best) layer.curvature = 0.2 * layer.step;
    }
    best = fit.layers(count == 1 ? fit.theta(best) : fit.minimise(fit.theta(best)));
  }
  return {best, gd_loss(spectra, best)};
}

GdOptimum best_gd(const EigenvalueLaw& law, double noise, int layers, const GdFamily& family,
                  double rare) {
  GRAMIAN_ASSERT(layers >= 1 && noise >= 0);
  const EigenvalueLaw seen = law.without_largest(rare);
  // Nodes between what counts and what is rarer than kGuarded.
  const std::size_t last =
      std::max(seen.lambda.size(), law.without_largest(kGuarded).lambda.size());
  const std::span guards(law.lambda.begin() + static_cast<std::ptrdiff_t>(seen.lambda.size()),
                         last - seen.lambda.size());
  const Fit fit({seen.lambda, seen.count, noise / law.n, guards}, layers, family);
  const auto size = static_cast<Eigen::Index>(fit.parameters());
  const Eigen::Index stored = family.curvature ? size / 2 : size;

  struct Candidate {
    double loss;
    Eigen::VectorXd theta;
  };
  std::vector<Candidate> candidates;
  std::mt19937_64 bits(1);
  const auto uniform = [&](double low, double high) {
    return low + (high - low) * static_cast<double>(bits() >> 11) * 0x1p-53;
  };
  const double scale = 1 / law.variance;
  for (int start = 0; start < kStarts; ++start) {
    // The best steps and curvatures grow from layer to layer, as each makes the spectrum smaller.
    const double step = uniform(0.2, 0.6), step_growth = uniform(1, 5);
    const double curvature = uniform(0.02, 0.4), curvature_growth = uniform(1, 5.5);
    Eigen::VectorXd theta(size);
    for (Eigen::Index l = 0; l < stored; ++l) {
      const auto layer = static_cast<double>(l);
      theta[l] = scale * step * std::pow(step_growth, layer) * std::exp(uniform(-0.35, 0.35));
      if (!family.curvature) continue;
      theta[l + stored] =
          scale * curvature * std::pow(curvature_growth, layer) * std::exp(uniform(-0.35, 0.35));
    }
    if (!std::isfinite(fit.squares(theta))) continue;
    theta = fit.minimise(theta, kTrialIterations);
    candidates.push_back({fit.squares(theta), theta});
  }
  if (candidates.empty()) {  // very deep: begin with steps so small that no layer enlarges rho
    Eigen::VectorXd theta = Eigen::VectorXd::Constant(size, 1 / law.lambda.back());
    theta.tail(size - stored) *= 0.1;
    candidates.push_back({fit.squares(theta), theta});
  }
  std::ranges::sort(candidates, {}, &Candidate::loss);
  candidates.resize(std::min(candidates.size(), kFinalists));
  for (Candidate& candidate : candidates) {
    candidate.theta = fit.minimise(candidate.theta, kFinalIterations);
    candidate.loss = fit.squares(candidate.theta);
  }
  const auto best = std::ranges::min_element(candidates, {}, &Candidate::loss);
  const auto chosen = fit.layers(best->theta);
  return {chosen, {gd_loss(seen, noise, chosen), 0}};
}

Network gdpp_network(std::span<const GdLayer> layers, NetworkSpec spec, int n) {
  GRAMIAN_ASSERT(!layers.empty() && !spec.tied && n >= 1);
  spec.kind = Parametrisation::gdpp;
  spec.layers = static_cast<int>(layers.size());
  Network network{.spec = spec, .theta = {}};
  const double unit = spec.context_factor(n) * n;  // G of the network in units of G/n
  for (const GdLayer& layer : layers) {
    network.theta.push_back(-layer.curvature / unit);
    network.theta.push_back(-layer.step / unit);
  }
  return network;
}

std::vector<GdLayer> gd_layers(const Network& network, int n) {
  GRAMIAN_ASSERT(network.spec.kind == Parametrisation::gdpp && n >= 1);
  const double unit = network.spec.context_factor(n) * n;
  std::vector<GdLayer> layers;
  for (int l = 0; l < network.spec.layers; ++l) {
    const Omega omega = network.omega(l);
    layers.push_back({.step = -omega.yx * unit, .curvature = -omega.xx * unit});
  }
  return layers;
}

double gd_loss(const EigenvalueLaw& law, double noise, std::span<const GdLayer> layers) {
  GRAMIAN_ASSERT(!layers.empty() && noise >= 0);
  const Fit fit({law.lambda, law.count, noise / law.n}, static_cast<int>(layers.size()),
                {.curvature = true});
  return 0.5 * law.variance * fit.squares(fit.theta(layers));
}

}  // namespace gramian
