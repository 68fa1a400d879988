// gd-fig12: softmax attention in one layer. One head has a constant part that gradient descent does
// not have; two heads cancel it.
#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "gramian/evaluation/token_alignment.h"
#include "gramian/papers/gd/studies.h"
#include "gramian/papers/gd/tokens.h"

namespace gramian::gd {

namespace {

constexpr std::uint64_t kFig12Seed = 4;

// A trained layer beside one step of gradient descent.
struct Fig12Numbers {
  int heads = 0;
  Role role = Role::other;
  Estimate loss = {};
  double seconds = 0;
  Alignment end = {};
  std::vector<Point> training = {};
  std::vector<Along> along = {};

  std::string name() const {
    return fmt::format("softmax, {} head{}", heads, heads == 1 ? "" : "s");
  }
};

Expected<Fig12Numbers> measure_fig12(const TokenCell& cell, int heads, Role role,
                                     const StudyOptions& options) {
  const bool quick = options.effort.quick;
  const TokenTask& task = cell.run.experiment.task;
  ThreadPool pool(options.threads);
  const auto beside = [&](const Transformer& transformer, std::uint64_t prompts) {
    return align_tokens(task, predictor(task, transformer), descent_step(task, kOneStep), prompts,
                        kFig12Seed, pool);
  };
  Fig12Numbers numbers{.heads = heads,
                       .role = role,
                       .loss = cell.trained->scores.loss.at("model"),
                       .seconds = cell.trained->seconds,
                       .end = beside(cell.run.transformer, quick ? 500 : 20'000)};
  numbers.training = GRAMIAN_TRY(training_curve(*cell.trained, options));
  const auto snapshots = GRAMIAN_TRY(load_transformer_snapshots(cell.directory));
  for (const TransformerSnapshot& snapshot : snapshots) {
    numbers.along.push_back(
        {static_cast<double>(snapshot.step), beside(snapshot.transformer, quick ? 100 : 2'000)});
  }
  return numbers;
}

Table table_of(const std::vector<Fig12Numbers>& networks) {
  Table table{.id = "gd-fig12",
              .title = "One layer of softmax attention",
              .columns = {"heads", "loss", "one step of gradient descent", "cosine",
                          "prediction difference", "sensitivity difference", "seconds"},
              .rows = {},
              .notes = {}};
  for (const Fig12Numbers& one : networks) {
    table.rows.push_back({static_cast<double>(one.heads), cell_of(one.loss), kOneStepLoss,
                          one.end.cosine.mean(), one.end.prediction.mean(),
                          one.end.sensitivity.mean(), one.seconds});
  }
  return table;
}

Figure figure_of(const std::vector<Fig12Numbers>& networks) {
  Panel training{.title = "Training", .x = {.label = "step"}, .y = {.label = "loss of the batch"}};
  Panel along{.title = "Alignment with one step", .x = {.label = "step"}, .y = {.label = "cosine"}};
  for (const Fig12Numbers& one : networks) {
    training.series.push_back(
        {.name = one.name(), .role = one.role, .mark = Mark::line, .points = one.training});
    Series cosine{.name = one.name(), .role = one.role};
    for (const auto& [step, alignment] : one.along)
      cosine.points.push_back({.x = step, .y = alignment.cosine.mean()});
    along.series.push_back(std::move(cosine));
  }
  training.series.push_back({.name = "one step of gradient descent",
                             .role = Role::gdpp,
                             .mark = Mark::rule,
                             .points = {{.y = kOneStepLoss}}});
  return {.id = "gd-fig12",
          .title = "Softmax attention",
          .caption = "",
          .columns = 2,
          .panels = {std::move(training), std::move(along)}};
}

// One head and two.
std::vector<Claim> claims(const Estimate& one, const Estimate& two) {
  const double closed = (one.mean - two.mean) / (one.mean - kOneStepLoss);
  return {{.text = "One head of softmax attention is worse than one step of gradient descent, by "
                   "5% and more",
           .holds = one.mean >= 1.05 * kOneStepLoss,
           .detail = fmt::format("{} against {:.4f}", text(one), kOneStepLoss)},
          {.text = "Two heads nearly close the gap: four fifths of it and more",
           .holds = closed >= 0.8,
           .detail = fmt::format("{}: {:.0f}% of the gap", text(two), 100 * closed)}};
}

}  // namespace

std::vector<Cell> fig12_cells() { return {softmax_cell(1), softmax_cell(2)}; }

Status draw_fig12(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  std::vector<Fig12Numbers> networks;
  for (const auto& [heads, role] : {std::pair{1, Role::diag}, std::pair{2, Role::full}}) {
    const auto cell = GRAMIAN_TRY(load_token_cell(archive, softmax_cell(heads), options));
    if (cell != nullptr)
      networks.push_back(GRAMIAN_TRY(measure_fig12(*cell, heads, role, options)));
  }
  if (networks.size() == 2) result.claims = claims(networks[0].loss, networks[1].loss);
  result.tables.push_back(table_of(networks));
  result.figures.push_back(figure_of(networks));
  return {};
}

}  // namespace gramian::gd
