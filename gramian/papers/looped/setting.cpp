#include "gramian/papers/looped/setting.h"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace gramian::looped {

namespace {

constexpr std::int64_t kRestrictedSteps = 2000;
constexpr std::int64_t kFullSteps = 10'000;  // as in the paper
constexpr std::int64_t kQuickSteps = 150;

std::vector<Config> starts_of(const Cell& cell, int seed, const Effort& effort) {
  const auto found =
      std::ranges::find_if(problems(), [&](const auto& p) { return &p.problem == cell.problem; });
  const LoopedProblem& p = *found;
  const bool full = cell.kind == Parametrisation::full;
  std::int64_t steps = effort.steps;
  if (steps == 0) steps = effort.quick ? kQuickSteps : full ? kFullSteps : kRestrictedSteps;
  std::vector<std::string> settings{
      fmt::format("task.d={}", p.d),
      fmt::format("task.n={}", p.n),
      "task.noise=constant",
      "task.sigma=0",
      "task.weights=inverse_covariance",
      fmt::format("model.kind={}", name_of(cell.kind)),
      fmt::format("model.layers={}", cell.layers),
      fmt::format("model.tied={}", cell.tied),
      fmt::format("train.seed={}", seed),
      fmt::format("train.steps={}", steps),
      "train.final_learning_rate=0",
      "train.threads=1",
  };
  if (full) {
    settings.insert(settings.end(), {"train.batch=1024", "train.learning_rate=0.05"});
  } else {
    // Eigenvalues of G/n reach (1 + sqrt(d/n))^2 times those of S: begin well within the steps that
    // converge. u begins at a size that the paper's claim can be seen to remove.
    const double largest =
        std::sqrt(p.kappa) * std::pow(1 + std::sqrt(static_cast<double>(p.d) / p.n), 2);
    settings.insert(settings.end(),
                    {fmt::format("model.init_step={:.4f}", 0.75 / largest), "model.init_noise=0.02",
                     "train.batch=1024", "train.optimiser=gauss_newton", "train.newton_rate=0.1",
                     "train.newton_memory=0.99"});
  }
  const auto s = covariance_of(p.d, p.kappa);
  if (!s.empty()) {
    std::vector<std::string> rows;
    for (int i = 0; i < p.d; ++i) {
      const std::span<const double> row(s.data() + i * p.d, static_cast<std::size_t>(p.d));
      rows.push_back(fmt::format("[{}]", fmt::join(row, ", ")));
    }
    settings.push_back(fmt::format("task.covariance=[{}]", fmt::join(rows, ", ")));
  }
  return {parse_config("", "recipe", settings).value()};
}

Examination examination_of(const Cell&, const Effort& effort) {
  Examination e;
  e.prompts = effort.quick ? 5'000 : 200'000;
  e.tuning_prompts = 10'000;  // the solvers are exact without noise, where n >= d
  return e;
}

std::string text_of(const Effort& effort) {
  const auto number = [&](std::int64_t steps) {
    return effort.steps > 0 ? effort.steps : effort.quick ? kQuickSteps : steps;
  };
  return fmt::format(
      "Every cell: no noise, x ~ N(0, S), w ~ N(0, S^-1), loss integrated over the query, robust "
      "weights, one start.\n"
      "(A, u): {} steps on fresh batches of 1,024 prompts, 30% Adam and then Gauss-Newton on all "
      "d^2 + d parameters; A "
      "begins at a multiple of I.\n"
      "FULL, looped or not: {} steps of Adam on batches of 1,024, from near gradient descent.\n",
      number(kRestrictedSteps), number(kFullSteps));
}

const std::string& covariance_label(double kappa) {
  static const std::array<std::string, 3> labels{"S = I", "kappa = 10", "kappa = 100"};
  return labels[kappa == 1 ? 0 : kappa == 10 ? 1 : 2];
}

std::vector<LoopedProblem> make_problems() {
  // The views in Problem need texts that stay.
  static std::vector<std::array<std::string, 2>> texts;
  struct Size {
    int d, n;
    double kappa;
  };
  constexpr Size kSizes[] = {{10, 100, 1}, {10, 100, 10}, {10, 100, 100},
                             {10, 30, 1},  {10, 5, 1},    {5, 20, 1}};
  texts.reserve(std::size(kSizes));
  std::vector<LoopedProblem> list;
  for (const Size& s : kSizes) {
    texts.push_back({fmt::format("gaussian-d{}-n{}-kappa{}", s.d, s.n, s.kappa),
                     fmt::format("d = {}, n = {}, {}", s.d, s.n, covariance_label(s.kappa))});
    list.push_back({.problem = {.id = texts.back()[0],
                                .title = texts.back()[1],
                                .label = texts.back()[1],
                                .noise = "constant",
                                .sigma = "0",
                                .max = 0,
                                .recipe = &recipe},
                    .d = s.d,
                    .n = s.n,
                    .kappa = s.kappa});
  }
  return list;
}

}  // namespace

const Recipe recipe{starts_of, examination_of, text_of};

std::span<const LoopedProblem> problems() {
  static const std::vector<LoopedProblem> list = make_problems();
  return list;
}

const LoopedProblem& problem_of(int d, int n, double kappa) {
  for (const LoopedProblem& p : problems()) {
    if (p.d == d && p.n == n && p.kappa == kappa) return p;
  }
  std::abort();
}

std::vector<double> covariance_of(int d, double kappa) {
  if (kappa == 1) return {};
  Eigen::MatrixXd r = Eigen::MatrixXd::Identity(d, d);
  for (int i = 0; i < d; ++i) {
    for (int j = i + 1; j < d; ++j) {  // a turn in every plane, by angles without a pattern
      r.applyOnTheRight(
          i, j,
          Eigen::JacobiRotation<double>(std::cos(0.7 + i + 2 * j), std::sin(0.7 + i + 2 * j)));
    }
  }
  Eigen::VectorXd values(d);
  for (int i = 0; i < d; ++i) values[i] = std::pow(kappa, static_cast<double>(i) / (d - 1) - 0.5);
  const Eigen::MatrixXd s = r * values.asDiagonal() * r.transpose();
  std::vector<double> list;
  for (int i = 0; i < d; ++i) {
    for (int j = 0; j < d; ++j)
      list.push_back(std::round(1e8 * s(std::min(i, j), std::max(i, j))) / 1e8);
  }
  return list;
}

RegressionTask task_of(int d, int n, std::vector<double> covariance) {
  TaskSpec spec;
  spec.d = d;
  spec.n = n;
  spec.covariance = std::move(covariance);
  spec.weights = WeightLaw::inverse_covariance;
  return RegressionTask::create(spec).value();
}

std::span<const PublishedLevel> published_levels() {
  static constexpr PublishedLevel kLevels[] = {
      {1, false, 1.3},  {2, false, 0.095}, {5, false, 2e-4},  {10, false, 3e-5},
      {2, true, 0.135}, {5, true, 4e-4},   {10, true, 1.5e-5}};
  return kLevels;
}

std::span<const double> published_losses(int trained, bool other_covariance) {
  static constexpr double kTwo[] = {4.5, 0.12, 0.014, 1.5e-3, 1e-4, 1.3e-6};
  static constexpr double kFive[] = {30, 28, 4e-4, 2e-5, 4e-7, 3e-10};
  static constexpr double kTwoOther[] = {4, 1.1, 0.65, 0.35, 0.13, 0.018};
  static constexpr double kFiveOther[] = {20, 18, 0.3, 0.11, 0.022, 8e-4};
  if (trained == 2) return other_covariance ? kTwoOther : kTwo;
  return other_covariance ? kFiveOther : kFive;
}

}  // namespace gramian::looped
