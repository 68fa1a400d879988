// mesa-interpolation: block-scalar products along the training, and trained from the same start;
// the loss by position along the training.
#include <fmt/format.h>

#include "gramian/evaluation/position_losses.h"
#include "gramian/papers/mesa_optimisation/draw.h"
#include "gramian/papers/mesa_optimisation/studies.h"

namespace gramian::mesa_optimisation {

namespace {

constexpr int kAlongDepths[] = {1, 2};
constexpr int kSnapshots = 9;
// Of these the loss is shown by position.
constexpr std::size_t kShownSnapshots[] = {0, 2, 4, 6, 8};
constexpr Role kStepRoles[] = {Role::other, Role::tunedrr, Role::adarr, Role::gdpp, Role::full};

Setting free_setting(int layers) { return {.layers = layers, .snapshots = kSnapshots}; }
Setting scalar_setting(int layers) {
  return {.layers = layers, .products = Products::block_scalar};
}

std::uint64_t prompts_along(const StudyOptions& options) {
  return options.effort.quick ? 256 : 2048;
}

std::vector<Estimate> estimates_of(const std::vector<RunningMean>& means) {
  std::vector<Estimate> list;
  for (const RunningMean& mean : means) list.push_back(estimate_of(mean));
  return list;
}

Expected<AlongTraining> along_training(const Setting& setting, const Trained& trained,
                                       const StudyOptions& options) {
  const auto snapshots = GRAMIAN_TRY(
      load_transformer_snapshots(fmt::format("{}/{}", options.directory, trained.directory)));
  const TokenTask task = setting.task();
  ThreadPool pool(1);
  AlongTraining along{.layers = setting.layers, .seed = trained.seed};
  for (const TransformerSnapshot& at : snapshots) {
    const Transformer& end = snapshots.back().transformer;
    const auto scalar = GRAMIAN_TRY(compressed(at.transformer, setting.d, 1));
    const auto mixed = GRAMIAN_TRY(interpolated(at.transformer, end, setting.d, 0.5));
    const std::vector<NamedPredictor> three{{"own", predictor(task, at.transformer)},
                                            {"block-scalar", predictor(task, scalar)},
                                            {"with the end", predictor(task, mixed)}};
    const auto losses =
        GRAMIAN_TRY(position_losses(task, three, prompts_along(options), kEvaluationSeed, pool));
    along.steps.push_back(at.step);
    along.own.push_back(estimate_of(losses[0].loss));
    along.block_scalar.push_back(estimate_of(losses[1].loss));
    along.with_end.push_back(estimate_of(losses[2].loss));
    along.positions.push_back(estimates_of(losses[0].positions));
  }
  return along;
}

Expected<std::vector<AlongTraining>> all_along(const Archive& archive,
                                               const StudyOptions& options) {
  std::vector<AlongTraining> list;
  for (const int layers : kAlongDepths) {
    const Setting setting = free_setting(layers);
    for (const Trained* trained : archive.seeds(setting.name()))
      list.push_back(GRAMIAN_TRY(along_training(setting, *trained, options)));
  }
  return list;
}

std::vector<ScalarTrainings> scalar_trainings(const Archive& archive) {
  std::vector<ScalarTrainings> list;
  for (const int layers : kAlongDepths) {
    list.push_back({.layers = layers,
                    .free = losses_of(archive, free_setting(layers).name()),
                    .block_scalar = losses_of(archive, scalar_setting(layers).name())});
  }
  return list;
}

Table interpolation_table(const std::vector<AlongTraining>& along,
                          const std::vector<ScalarTrainings>& trained) {
  Table table{.id = "mesa-interpolation",
              .title = "Losses with block-scalar products, d = 5, T = 25",
              .columns = {"layers", "free products", "block-scalar, trained from the same start",
                          "mean of free and block-scalar", "block-scalar, not trained"},
              .rows = {},
              .notes = {"Means over seeds. The last two are of the trained network, on fewer "
                        "prompts."}};
  for (const ScalarTrainings& at : trained) {
    std::vector<Estimate> with_end, scalar;
    for (const AlongTraining& one : along) {
      if (one.layers != at.layers || one.steps.empty()) continue;
      with_end.push_back(one.with_end.back());
      scalar.push_back(one.block_scalar.back());
    }
    table.rows.push_back({static_cast<double>(at.layers), cell_of_seeds(at.free),
                          cell_of_seeds(at.block_scalar), cell_of_seeds(with_end),
                          cell_of_seeds(scalar)});
  }
  return table;
}

Series along_series(const AlongTraining& at, const std::vector<Estimate>& losses, std::string name,
                    Role role) {
  Series series{.name = std::move(name), .role = role};
  for (std::size_t k = 0; k < at.steps.size(); ++k)
    series.points.push_back(point(static_cast<double>(at.steps[k]), losses[k]));
  return series;
}

bool is_best(const Archive& archive, const AlongTraining& at) {
  const Trained* best = archive.best(free_setting(at.layers).name());
  return best != nullptr && best->seed == at.seed;
}

Figure along_figure(const Archive& archive, const std::vector<AlongTraining>& along) {
  Figure figure{.id = "mesa-interpolation",
                .title = "Loss along the training",
                .caption =
                    "The best seed of each depth. Nothing is trained on: the network at "
                    "each step, with the mean of its products and the block-scalar ones of "
                    "the end, and with its own block-scalar products.",
                .columns = 2,
                .panels = {}};
  for (const AlongTraining& at : along) {
    if (!is_best(archive, at)) continue;
    figure.panels.push_back(
        {.title = fmt::format("L = {}", at.layers),
         .x = {.label = "step"},
         .y = {.label = "loss", .log = true},
         .series = {along_series(at, at.own, "network", Role::full),
                    along_series(at, at.with_end, "mean with the block-scalar end", Role::gdpp),
                    along_series(at, at.block_scalar, "block-scalar", Role::constrr)}});
  }
  return figure;
}

Figure steps_figure(const Archive& archive, const std::vector<AlongTraining>& along) {
  Figure figure{.id = "mesa-interpolation-positions",
                .title = "Loss by position along the training",
                .caption = "The best seed of each depth. Bars are two standard errors.",
                .columns = 2,
                .panels = {}};
  for (const AlongTraining& at : along) {
    if (!is_best(archive, at)) continue;
    Panel panel{.title = fmt::format("L = {}", at.layers),
                .x = {.label = "t"},
                .y = {.label = "1/2 |error|^2", .log = true}};
    for (const std::size_t k : kShownSnapshots) {
      if (k >= at.steps.size()) continue;
      panel.series.push_back(series_of(at.positions[k], 1, fmt::format("step {}", at.steps[k]),
                                       kStepRoles[panel.series.size()]));
    }
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

}  // namespace

std::vector<Cell> interpolation_cells() {
  auto cells = cells_of(kAlongDepths, free_setting);
  for (Cell& cell : cells_of(kAlongDepths, scalar_setting)) cells.push_back(std::move(cell));
  return cells;
}

Status draw_interpolation(const Archive& archive, const StudyOptions& options,
                          StudyResult& result) {
  const auto along = GRAMIAN_TRY(all_along(archive, options));
  const auto trained = scalar_trainings(archive);
  result.claims = interpolation_claims(along, trained);
  result.claims.push_back(finite_claim(losses_of(archive, interpolation_cells())));
  result.tables.push_back(interpolation_table(along, trained));
  result.figures.push_back(along_figure(archive, along));
  result.figures.push_back(steps_figure(archive, along));
  return {};
}

std::string interpolation_recipe(const Effort& effort) {
  return recipe(effort) +
         "Block-scalar networks begin with the block-scalar products of the same random start; "
         "after each step each [d, d] block of their products is replaced by the mean of its "
         "diagonal times I.\n";
}

}  // namespace gramian::mesa_optimisation
