#include "gramian/studies/recipe.h"

#include <fmt/format.h>

#include "gramian/bench/operations.h"
#include "gramian/runs/experiment.h"

namespace gramian {

namespace {

// Found on sigma ~ U(0, 5), {1, 3} and without noise, confirmed on the rest: docs/results.md.
constexpr std::int64_t kSecondOrderSteps = 2000;  // GD++ and DIAG
constexpr std::int64_t kFullSteps = 6000;
constexpr std::int64_t kQuickSteps = 300;
constexpr int kGuardedLayers = 4;  // guards from this depth on

// Which of several valleys a GD++ or DIAG network falls into depends on where it starts and how fast
// it goes; dense networks do not show it, but for those without noise, which begin as GD++.
struct Start {
  double step, curvature, growth;  // of the initial layers
  double newton_rate, newton_memory;
};
constexpr Start kStarts[] = {
    {0.5, 0.05, 1, 0.3, 0.95},       // the usual one
    {0.5, 0.2, 1, 0.3, 0.95},        // more curvature correction
    {0.22, 0.074, 2.25, 0.3, 0.95},  // Theorem 5.1, for a largest eigenvalue of G/n of 4.5
    {0.5, 0.05, 1, 0.1, 0.99},       // slowly
};

std::size_t start_count(const Cell& cell, const Effort& effort) {
  if (effort.quick) return 1;
  return cell.kind != Parametrisation::full || cell.problem->noiseless() ? std::size(kStarts) : 1;
}

std::vector<double> grid(double last, double step) {
  std::vector<double> sigmas;
  for (int i = 0; i * step <= last + 1e-9; ++i) sigmas.push_back(i * step);
  return sigmas;
}

std::vector<Config> versatile_starts(const Cell& cell, int seed, const Effort& effort) {
  const bool full = cell.kind == Parametrisation::full, noiseless = cell.problem->noiseless();
  std::int64_t steps = effort.steps;
  if (steps == 0) steps = effort.quick ? kQuickSteps : full && !noiseless ? kFullSteps : kSecondOrderSteps;
  std::vector<std::string> settings{
      fmt::format("task.noise={}", cell.problem->noise),
      fmt::format("task.sigma={}", cell.problem->sigma),
      fmt::format("model.kind={}", name_of(cell.kind)),
      fmt::format("model.layers={}", cell.layers),
      fmt::format("train.seed={}", seed),
      fmt::format("train.steps={}", steps),
      "train.final_learning_rate=0",
      "train.epsilon=1e-20",
      fmt::format("train.guards={}", cell.guards && cell.layers >= kGuardedLayers ? 1 : 0),
      "train.stretch=1.5",
      "train.threads=1",
  };
  if (noiseless) {
    settings.push_back("train.precision=double");
    if (full) {
      settings.push_back("model.init=gdpp");
      settings.push_back("train.learning_rate=1e-5");
    }
  }
  std::vector<Config> list;
  const std::size_t count = start_count(cell, effort);
  for (std::size_t k = 0; k < count; ++k) {
    const Start& start = kStarts[k];
    auto all = settings;
    all.push_back(fmt::format("model.init_step={}", start.step));
    all.push_back(fmt::format("model.init_growth={}", start.growth));
    all.push_back(fmt::format("model.init_curvature={}", start.curvature));
    all.push_back(fmt::format("train.newton_rate={}", start.newton_rate));
    all.push_back(fmt::format("train.newton_memory={}", start.newton_memory));
    list.push_back(Config::parse("", "recipe", all).value());
  }
  return list;
}

std::string versatile_text(const Effort& effort) {
  const auto number = [&](std::int64_t steps) {
    return effort.steps > 0 ? effort.steps : effort.quick ? kQuickSteps : steps;
  };
  return fmt::format(
      "Every cell: fresh batches of 2,048 prompts, loss integrated over the query, robust weights, start near gradient "
      "descent; from {} layers on one prompt of sixteen is a guard.\n"
      "GD++ and DIAG: {} steps, 30% Adam and then Gauss-Newton; {} start{} a seed (initial weights, rate and memory of "
      "Gauss-Newton), of which the one with the least loss on {} prompts of its own counts.\n"
      "FULL: {} steps of Adam, one start a seed.\n"
      "Without noise: float64, and FULL begins as the GD++ network of its depth, with its steps and starts.\n"
      "With several seeds the one with the least loss on the same prompts counts.\n",
      kGuardedLayers, number(kSecondOrderSteps), effort.quick ? 1 : std::size(kStarts), effort.quick ? "" : "s",
      kSelectionPrompts, number(kFullSteps));
}

Examination versatile_examination(const Cell& cell, const Effort& effort) {
  Examination e;
  e.prompts = effort.quick ? 5'000 : 200'000;
  e.profile_prompts = effort.quick ? 200 : 10'000;
  if (!cell.guards) return e;  // only its rare prompts are of interest
  if (cell.problem->id == "uniform-5" && cell.layers >= 2) {
    e.sigmas = grid(10, 0.5);
  } else if (!cell.problem->uniform() && cell.layers >= 2) {
    e.sigmas = grid(6, 0.5);
  } else if (cell.layers == kTableLayers) {
    e.sigmas = grid(cell.problem->max + 1, cell.problem->max < 2 ? 0.125 : 0.25);
  }
  return e;
}

}  // namespace

const Recipe versatile_recipe{"Vladymyrov et al. 2024", versatile_starts, versatile_examination, versatile_text};

std::string Cell::name() const {
  return fmt::format("{}-L{}-{}{}{}", name_of(kind), layers, tied ? "looped-" : "", problem->id,
                     guards ? "" : "-unguarded");
}

std::string Cell::title() const {
  return fmt::format("{}, L = {}{}, {}{}", title_of(kind), layers, tied ? ", looped" : "", problem->title,
                     guards ? "" : ", no guards");
}

std::vector<Config> starts(const Cell& cell, int seed, const Effort& effort) {
  return cell.problem->recipe->starts(cell, seed, effort);
}

Examination examination(const Cell& cell, const Effort& effort) {
  return cell.problem->recipe->examination(cell, effort);
}

double cost(const Config& config) {
  const auto experiment = make_experiment(config);
  const TrainSpec& train = experiment->train;
  // A Gauss-Newton step has a second backward pass; double takes twice as long.
  const Operations operations = count_operations(experiment->network);
  double work = operations.total() + (train.method == Method::gauss_newton ? operations.backward : 0);
  work += 20.0 * experiment->task.d() * experiment->task.d();  // sampling, roughly
  if (experiment->from_gdpp) work *= 1.5;
  return work * train.batch * static_cast<double>(train.steps) * (train.precision == Precision::twice ? 2 : 1);
}

}  // namespace gramian
