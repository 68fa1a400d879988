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

constexpr std::uint64_t kSeed = 4;

}  // namespace

std::vector<Cell> fig12_cells() { return {softmax_cell(kSoftmaxOne), softmax_cell(kSoftmaxTwo)}; }

Status draw_fig12(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const bool quick = options.effort.quick;
  ThreadPool pool(options.threads);
  Table table{.id = "gd-fig12",
              .title = "One layer of softmax attention",
              .columns = {"heads", "loss", "one step of gradient descent", "cosine",
                          "prediction difference", "sensitivity difference", "seconds"},
              .rows = {},
              .notes = {}};
  Panel training{.title = "Training", .x = {.label = "step"}, .y = {.label = "loss of the batch"}};
  Panel along{.title = "Alignment with one step", .x = {.label = "step"}, .y = {.label = "cosine"}};
  std::vector<Estimate> losses;
  for (const auto& [network, heads, role] :
       {std::tuple{kSoftmaxOne, 1, Role::diag}, std::tuple{kSoftmaxTwo, 2, Role::full}}) {
    const auto cell = GRAMIAN_TRY(load_token_cell(archive, softmax_cell(network), options));
    if (cell == nullptr) continue;
    const TokenTask& task = cell->run.experiment.task;
    const Alignment end =
        align_tokens(task, predictor(task, cell->run.transformer), descent_step(task, kOneStep),
                     quick ? 500 : 20'000, kSeed, pool);
    const Estimate& loss = cell->trained->scores.loss.at("model");
    losses.push_back(loss);
    table.rows.push_back({static_cast<double>(heads), TableCell{.value = loss.mean, .se = loss.se},
                          kOneStepLoss, end.cosine.mean(), end.prediction.mean(),
                          end.sensitivity.mean(), cell->trained->seconds});
    auto points = GRAMIAN_TRY(training_curve(*cell->trained, options));
    const std::string name = fmt::format("softmax, {} head{}", heads, heads == 1 ? "" : "s");
    training.series.push_back(
        {.name = name, .role = role, .mark = Mark::line, .points = std::move(points)});
    const auto snapshots = GRAMIAN_TRY(load_transformer_snapshots(cell->directory));
    Series cosine{.name = name, .role = role};
    for (const TransformerSnapshot& snapshot : snapshots) {
      const Alignment a =
          align_tokens(task, predictor(task, snapshot.transformer), descent_step(task, kOneStep),
                       quick ? 100 : 2'000, kSeed, pool);
      cosine.points.push_back({.x = static_cast<double>(snapshot.step), .y = a.cosine.mean()});
    }
    along.series.push_back(std::move(cosine));
  }
  training.series.push_back({.name = "one step of gradient descent",
                             .role = Role::gdpp,
                             .mark = Mark::rule,
                             .points = {{.y = kOneStepLoss}}});
  if (losses.size() == 2) {
    result.claims.push_back(
        {.text = "One head of softmax attention is worse than one step of gradient descent, by 5% "
                 "and more",
         .holds = losses[0].mean >= 1.05 * kOneStepLoss,
         .detail = fmt::format("{} against {:.4f}", text(losses[0]), kOneStepLoss)});
    const double closed = (losses[0].mean - losses[1].mean) / (losses[0].mean - kOneStepLoss);
    result.claims.push_back(
        {.text = "Two heads nearly close the gap: four fifths of it and more",
         .holds = closed >= 0.8,
         .detail = fmt::format("{}: {:.0f}% of the gap", text(losses[1]), 100 * closed)});
  }
  result.tables.push_back(std::move(table));
  result.figures.push_back({.id = "gd-fig12",
                            .title = "Softmax attention",
                            .caption = "",
                            .columns = 2,
                            .panels = {std::move(training), std::move(along)}});
  return {};
}

}  // namespace gramian::gd
