#include "gramian/papers/looped/setting.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"
#include "gramian/studies/draw.h"

namespace gramian::looped {

namespace {

constexpr std::int64_t kRestrictedSteps = 2000;
constexpr std::int64_t kFullSteps = 10'000;  // as in the paper
constexpr std::int64_t kQuickSteps = 150;

std::vector<Config> starts(const Setting& setting, int seed, const Effort& effort) {
  const Problem& p = setting.problem;
  const bool full = setting.kind == Parametrisation::full;
  std::int64_t steps = effort.steps;
  if (steps == 0) steps = effort.quick ? kQuickSteps : full ? kFullSteps : kRestrictedSteps;
  std::vector<std::string> settings{
      fmt::format("task.d={}", p.d),
      fmt::format("task.n={}", p.n),
      "task.noise=constant",
      "task.sigma=0",
      "task.weights=inverse_covariance",
      fmt::format("model.kind={}", name_of(setting.kind)),
      fmt::format("model.layers={}", setting.layers),
      fmt::format("model.tied={}", setting.tied),
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

Examination examination(const Effort& effort) {
  Examination e;
  e.prompts = effort.quick ? 5'000 : 200'000;
  e.tuning_prompts = 10'000;  // the solvers are exact without noise, where n >= d
  return e;
}

}  // namespace

std::string recipe(const Effort& effort) {
  const auto number = [&](std::int64_t steps) { return effort.steps_of(steps, kQuickSteps); };
  return fmt::format(
      "Every cell: no noise, x ~ N(0, S), w ~ N(0, S^-1), loss integrated over the query, robust "
      "weights, one start.\n"
      "(A, u): {} steps on fresh batches of 1,024 prompts, 30% Adam and then Gauss-Newton on all "
      "d^2 + d parameters; A begins at a multiple of I.\n"
      "FULL, looped or not: {} steps of Adam on batches of 1,024, from near gradient descent.\n",
      number(kRestrictedSteps), number(kFullSteps));
}

std::string Problem::id() const { return fmt::format("gaussian-d{}-n{}-kappa{}", d, n, kappa); }

std::string Problem::title() const {
  const std::string s = kappa == 1 ? "S = I" : fmt::format("kappa = {}", kappa);
  return fmt::format("d = {}, n = {}, {}", d, n, s);
}

std::string Setting::name() const { return cell_name(name_of(kind), layers, tied, problem.id()); }

Cell Setting::cell() const {
  GRAMIAN_ASSERT(layers >= 1);
  return {.name = name(),
          .title = cell_title(title_of(kind), layers, tied, problem.title()),
          .group = problem.id(),
          .kind = std::string(title_of(kind)),
          .layers = layers,
          .problem = problem.title(),
          .starts = [*this](int seed, const Effort& e) { return looped::starts(*this, seed, e); },
          .examination = examination};
}

std::vector<double> covariance_of(int d, double kappa) {
  GRAMIAN_ASSERT(d >= 2 && kappa >= 1);
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
  GRAMIAN_ASSERT(covariance.empty() || covariance.size() == static_cast<std::size_t>(d * d));
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
