#include "gramian/training/units.h"

#include <algorithm>
#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"

namespace gramian {

namespace {

// What counts as ordinary size: the published problems are within. With lambda the largest
// eigenvalue of S, and nu that of G/n for S = I.
constexpr double kInputs[] = {0.05, 12};    // lambda
constexpr double kTargets[] = {0.5, 27};    // E y^2
constexpr double kProduct = 110;            // lambda E y^2
constexpr double kContext = 18;             // nu
constexpr double kRows = 11, kLayers = 10;  // D and L

// To what sizes other problems are brought: those of d = 10, n = 20.
constexpr double kUsualTargets = 10, kUsualContext = 6.8;

constexpr double kSmallest = 1e-12, kLargest = 1e12;  // of both in single precision

double trace(const RegressionTask& task) {
  const std::vector<double>& s = task.spec().covariance;
  const auto d = static_cast<std::size_t>(task.d());
  if (s.empty()) return task.d();
  double sum = 0;
  for (std::size_t i = 0; i < d; ++i) sum += s[i * d + i];
  return sum;
}

double largest_eigenvalue(const RegressionTask& task) {
  const std::vector<double>& s = task.spec().covariance;
  if (s.empty()) return 1;
  const Eigen::Map<const RowMajorMatrix> matrix(s.data(), task.d(), task.d());
  Eigen::SelfAdjointEigenSolver<RowMajorMatrix> solver;
  solver.compute(matrix, Eigen::EigenvaluesOnly);
  return solver.eigenvalues().maxCoeff();
}

// Of G/n where S = I, but for one prompt in 3,000.
double largest_of_context(const RegressionTask& task) {
  const double root = 1 / std::sqrt(static_cast<double>(task.n()));
  return std::pow(1 + std::sqrt(static_cast<double>(task.d())) * root + 4 * root, 2);
}

// E y^2. One large level among many small ones counts as the end of an interval.
double mean_square_of_targets(const RegressionTask& task) {
  const NoisePrior& noise = task.spec().noise;
  return task.mean_square_signal() + std::max(noise.mean_square(), std::pow(noise.max(), 2) / 3);
}

// The share of the signal in what least squares finds: the rest is the noise of d / n numbers.
double signal_share(const RegressionTask& task) {
  const double noise = task.spec().noise.mean_square() * task.d() / task.n();
  return task.mean_square_signal() / (task.mean_square_signal() + noise);
}

// a^2 and b^2.
struct Sizes {
  double inputs, targets;
};

Sizes sizes_of(const RegressionTask& task) {
  const auto within = [](double x, const double(&interval)[2]) {
    return x >= interval[0] && x <= interval[1];
  };
  const double lambda = largest_eigenvalue(task), square = mean_square_of_targets(task);
  const double nu = largest_of_context(task);
  if (within(lambda, kInputs) && within(square, kTargets) && lambda * square <= kProduct &&
      nu <= kContext)
    return {.inputs = 1, .targets = 1};
  return {.inputs = lambda * std::max(1.0, nu / kUsualContext), .targets = square / kUsualTargets};
}

double width_factor(const NetworkSpec& network) {
  return network.is_dense() ? std::min(1.0, kRows / static_cast<double>(network.rows())) : 1.0;
}

double depth_factor(const NetworkSpec& network) { return std::min(1.0, kLayers / network.layers); }

// Of a token's entries: [D], a for x and b for y. Entry (i, j) of P and Q of one head.
void dense_units(const Sizes& sizes, std::size_t rows, double scale, double* p, double* q) {
  const double a = std::sqrt(sizes.inputs), b = std::sqrt(sizes.targets);
  const auto size = [&](std::size_t i) { return i + 1 < rows ? a : b; };
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < rows; ++j) {
      p[i * rows + j] = scale * size(i) / size(j);
      q[i * rows + j] = 1 / (size(i) * size(j));
    }
  }
}

// Of one layer. `scale`: 1/n where the network reads G, which is n times as large as G/n. Weights
// of a kind that is not named here have the unit of a step of gradient descent.
std::vector<double> layer_units(const NetworkSpec& network, const Sizes& sizes, double scale) {
  const std::size_t rows = network.rows(), d = rows - 1;
  const double a2 = sizes.inputs, b2 = sizes.targets;
  std::vector<double> units(network.parameters_per_layer(), scale / a2);
  if (network.kind == Parametrisation::diag) {
    units[1] = units[3] = scale / b2;
  } else if (network.kind == Parametrisation::preconditioned) {
    for (std::size_t i = 0; i < d; ++i) units[d * d + i] = std::sqrt(b2 / a2);
  } else if (network.kind == Parametrisation::full) {
    for (std::size_t h = 0; h < static_cast<std::size_t>(network.heads); ++h) {
      double* p = units.data() + h * 2 * rows * rows;
      dense_units(sizes, rows, scale, p, p + rows * rows);
    }
  }
  return units;
}

std::vector<double> theta_units(const NetworkSpec& network, const Sizes& sizes, double scale) {
  if (sizes.inputs == 1 && sizes.targets == 1 && scale == 1) return {};
  const std::vector<double> layer = layer_units(network, sizes, scale);
  std::vector<double> units;
  for (std::size_t l = 0; l < network.stored_layers(); ++l)
    units.insert(units.end(), layer.begin(), layer.end());
  return units;
}

}  // namespace

Units units_of(const RegressionTask& task, const NetworkSpec& network) {
  GRAMIAN_ASSERT(network.d == task.d());
  const Sizes sizes = sizes_of(task);
  const double scale = network.context_scale == ContextScale::sum ? 1.0 / task.n() : 1.0;
  return {.theta = theta_units(network, sizes, scale),
          .squared_error = sizes.targets,
          .rate = width_factor(network) * std::pow(depth_factor(network), 2) / network.heads};
}

Status check_sizes_of_numbers(const RegressionTask& task) {
  const auto refuse = [](std::string_view key, std::string_view what, double size) {
    return fail(ErrorKind::config,
                "[{}]: {} is {:.3g}, and must be in [{}, {}] to be trained on: beyond, single "
                "precision does not hold the numbers of a prompt; measure in other units",
                key, what, size, kSmallest, kLargest);
  };
  const double inputs = largest_eigenvalue(task), targets = mean_square_of_targets(task);
  if (!(inputs >= kSmallest && inputs <= kLargest))
    return refuse("task.covariance", "the largest eigenvalue", inputs);
  if (!(targets >= kSmallest && targets <= kLargest)) {
    const bool noise = task.mean_square_signal() < 0.5 * targets;
    return refuse(noise ? "task.sigma" : "task.covariance", "the mean square of a target", targets);
  }
  return {};
}

Network initial_network(const RegressionTask& task, const NetworkSpec& network,
                        const InitialWeights& how, std::uint64_t seed) {
  GRAMIAN_ASSERT(network.d == task.d());
  const Sizes sizes = sizes_of(task);
  // In units of the task, nu is that much smaller.
  const double nu = largest_eigenvalue(task) * largest_of_context(task) / sizes.inputs;
  const double growth = std::min(2.4, std::pow(1000.0, 1.0 / network.layers));
  InitialWeights start = how;
  const double share = signal_share(task), mean = trace(task) / task.d() / sizes.inputs;
  start.step = std::min({how.step, (1 + growth) / nu, 7 * share / (network.layers * mean)});
  start.curvature = std::min(how.curvature, 1.7 / nu);
  start.noise *= std::sqrt(width_factor(network) / network.heads);
  start.noise *= std::pow(depth_factor(network), 2);
  start.noise = std::min(start.noise, std::sqrt(share));
  Network begun = Network::initial(network, start, task.n(), seed);
  const std::vector<double> units = theta_units(network, sizes, 1);
  for (std::size_t i = 0; i < units.size(); ++i) begun.theta[i] *= units[i];
  return begun;
}

}  // namespace gramian
