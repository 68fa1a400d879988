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

Expected<std::vector<TransformerSnapshot>> snapshots_of(const Trained& trained,
                                                        const StudyOptions& options) {
  return load_transformer_snapshots(fmt::format("{}/{}", options.directory, trained.directory));
}

Expected<AlongTraining> along_training(const Setting& setting, const Trained& trained,
                                       const StudyOptions& options) {
  const auto snapshots = GRAMIAN_TRY(snapshots_of(trained, options));
  const TokenTask task = setting.task();
  const auto loss = [&](const Transformer& network) {
    return loss_of(task, network, prompts_along(options));
  };
  AlongTraining along{.layers = setting.layers, .seed = trained.seed};
  for (const TransformerSnapshot& at : snapshots) {
    const Transformer& end = snapshots.back().transformer;
    const auto scalar = GRAMIAN_TRY(compressed(at.transformer, setting.d, 1));
    const auto mixed = GRAMIAN_TRY(interpolated(at.transformer, end, setting.d, 0.5));
    along.steps.push_back(at.step);
    along.own.push_back(GRAMIAN_TRY(loss(at.transformer)));
    along.block_scalar.push_back(GRAMIAN_TRY(loss(scalar)));
    along.with_end.push_back(GRAMIAN_TRY(loss(mixed)));
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

// The best seed of each depth.
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
    const Trained* best = archive.best(free_setting(at.layers).name());
    if (best == nullptr || best->seed != at.seed) continue;
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

Expected<Panel> steps_panel(int layers, const Trained& trained, const StudyOptions& options) {
  const Setting setting = free_setting(layers);
  const TokenTask task = setting.task();
  const auto snapshots = GRAMIAN_TRY(snapshots_of(trained, options));
  std::vector<NamedPredictor> predictors;
  for (const std::size_t k : kShownSnapshots) {
    if (k < snapshots.size())
      predictors.push_back(
          {fmt::format("step {}", snapshots[k].step), predictor(task, snapshots[k].transformer)});
  }
  ThreadPool pool(1);
  const auto losses =
      GRAMIAN_TRY(position_losses(task, predictors, prompts_along(options), kEvaluationSeed, pool));
  Panel panel{.title = fmt::format("L = {}", layers),
              .x = {.label = "t"},
              .y = {.label = "1/2 |error|^2", .log = true}};
  for (std::size_t k = 0; k < predictors.size(); ++k) {
    Series series{.name = predictors[k].name, .role = kStepRoles[k]};
    for (std::size_t t = 0; t < losses[k].positions.size(); ++t)
      series.points.push_back(
          point(static_cast<double>(t + 1), estimate_of(losses[k].positions[t])));
    panel.series.push_back(std::move(series));
  }
  return panel;
}

Expected<Figure> steps_figure(const Archive& archive, const StudyOptions& options) {
  Figure figure{.id = "mesa-interpolation-positions",
                .title = "Loss by position along the training",
                .caption = "The best seed of each depth. Bars are two standard errors.",
                .columns = 2,
                .panels = {}};
  for (const int layers : kAlongDepths) {
    const Trained* best = archive.best(free_setting(layers).name());
    if (best != nullptr) figure.panels.push_back(GRAMIAN_TRY(steps_panel(layers, *best, options)));
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
  std::vector<Estimate> losses;
  for (const ScalarTrainings& at : trained) {
    losses.insert(losses.end(), at.free.begin(), at.free.end());
    losses.insert(losses.end(), at.block_scalar.begin(), at.block_scalar.end());
  }
  result.claims.push_back(finite_claim(losses));
  result.tables.push_back(interpolation_table(along, trained));
  result.figures.push_back(along_figure(archive, along));
  result.figures.push_back(GRAMIAN_TRY(steps_figure(archive, options)));
  return {};
}

std::string interpolation_recipe(const Effort& effort) {
  return recipe(effort) +
         "Block-scalar networks begin with the block-scalar products of the same random start; "
         "after each step each [d, d] block of their products is replaced by the mean of its "
         "diagonal times I.\n";
}

}  // namespace gramian::mesa_optimisation
