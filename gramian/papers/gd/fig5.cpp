// gd-fig5: inputs and targets in tokens of their own. The first layer learns to copy, and then the
// loss falls to that of one step.
#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <optional>

#include "gramian/evaluation/token_alignment.h"
#include "gramian/papers/gd/claims.h"
#include "gramian/papers/gd/studies.h"
#include "gramian/papers/gd/tokens.h"

namespace gramian::gd {

namespace {

constexpr std::uint64_t kFig5Seed = 4;

struct Fig5Numbers {
  Estimate loss = {};
  double seconds = 0;
  std::vector<Point> training = {};
  // At each step at which a model was kept:
  std::vector<TokenSensitivity> reads = {};
  std::vector<Along> along = {};  // beside one step of gradient descent
};

Expected<Fig5Numbers> measure_fig5(const TokenCell& cell, const StudyOptions& options) {
  const bool quick = options.effort.quick;
  const TokenTask& task = cell.run.experiment.task;
  ThreadPool pool(options.threads);
  Fig5Numbers numbers{.loss = cell.trained->scores.loss.at("model"),
                      .seconds = cell.trained->seconds};
  numbers.training = GRAMIAN_TRY(training_curve(*cell.trained, options));
  const auto snapshots = GRAMIAN_TRY(load_transformer_snapshots(cell.directory));
  for (const TransformerSnapshot& snapshot : snapshots) {
    numbers.reads.push_back(
        GRAMIAN_TRY(state_sensitivity(task, snapshot.transformer, 1, quick ? 16 : 64, kFig5Seed)));
    const bool is_last = &snapshot == &snapshots.back();
    numbers.along.push_back(
        {static_cast<double>(snapshot.step),
         align_tokens(task, predictor(task, snapshot.transformer), descent_step(task, kOneStep),
                      quick     ? 200
                      : is_last ? 20'000
                                : 2'000,
                      kFig5Seed, pool)});
  }
  return numbers;
}

// Steps half way: of what the next token matters more than others, and of the loss, from the
// plateau of predicting zero down (random weights begin above it). Nothing if there is no half way.
struct HalfWay {
  std::optional<double> copies = {}, falls = {};
};

HalfWay half_way(const Fig5Numbers& numbers) {
  HalfWay half;
  const auto copying = [&](std::size_t k) {
    return numbers.reads[k].next - numbers.reads[k].others;
  };
  const auto loss = [&](std::size_t k) { return numbers.along[k].alignment.loss.mean(); };
  const std::size_t count = numbers.along.size();
  for (std::size_t k = 0; k < count; ++k) {
    const double step = numbers.along[k].step, end = copying(count - 1);
    if (!half.copies && end > 0 && copying(k) >= 0.5 * end) half.copies = step;
    if (!half.falls && loss(k) <= 0.5 * (kZeroLoss + loss(count - 1))) half.falls = step;
  }
  return half;
}

std::vector<Claim> claims(const Fig5Numbers& numbers) {
  const TokenSensitivity last = numbers.reads.empty() ? TokenSensitivity{} : numbers.reads.back();
  const Alignment end = numbers.along.empty() ? Alignment{} : numbers.along.back().alignment;
  const auto [copies, falls] = half_way(numbers);
  return interleaved_claims({.loss = numbers.loss,
                             .seconds = numbers.seconds,
                             .cosine = end.cosine.mean(),
                             .prediction = end.prediction.mean(),
                             .sensitivity = end.sensitivity.mean(),
                             .own = last.own,
                             .next = last.next,
                             .others = last.others,
                             .copies = copies,
                             .falls = falls});
}

Panel reads_panel(const Fig5Numbers& numbers) {
  Series own{.name = "own token", .role = Role::diag},
      next{.name = "next token", .role = Role::full},
      others{.name = "other tokens", .role = Role::other};
  for (std::size_t k = 0; k < numbers.reads.size(); ++k) {
    const double x = numbers.along[k].step;
    own.points.push_back({.x = x, .y = numbers.reads[k].own});
    next.points.push_back({.x = x, .y = numbers.reads[k].next});
    others.points.push_back({.x = x, .y = numbers.reads[k].others});
  }
  return {.title = "What the first layer reads",
          .x = {.label = "step"},
          .y = {.label = "sensitivity"},
          .series = {std::move(own), std::move(next), std::move(others)}};
}

Figure figure_of(const Fig5Numbers& numbers) {
  Panel training{.title = "Training", .x = {.label = "step"}, .y = {.label = "loss of the batch"}};
  training.series = {
      {.name = "two layers", .role = Role::full, .mark = Mark::line, .points = numbers.training},
      {.name = "one step of gradient descent",
       .role = Role::gdpp,
       .mark = Mark::rule,
       .points = {{.y = kOneStepLoss}}}};
  Panel along{.title = "Alignment with one step",
              .x = {.label = "step"},
              .y = {.label = "difference or cosine"},
              .series = along_series(numbers.along, kTokenNames)};
  return {.id = "gd-fig5",
          .title = "Interleaved tokens",
          .caption =
              "Middle: norm of the gradient of the sum of a token after the first layer "
              "with respect to tokens before it, mean over tokens and prompts.",
          .columns = 3,
          .panels = {std::move(training), reads_panel(numbers), std::move(along)}};
}

}  // namespace

std::vector<Cell> fig5_cells() { return {interleaved_cell()}; }

Status draw_fig5(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto cell = GRAMIAN_TRY(load_token_cell(archive, interleaved_cell(), options));
  if (cell == nullptr) return {};
  const auto numbers = GRAMIAN_TRY(measure_fig5(*cell, options));
  result.claims = claims(numbers);
  result.figures.push_back(figure_of(numbers));
  return {};
}

}  // namespace gramian::gd
