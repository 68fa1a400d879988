// gd-fig5: inputs and targets in tokens of their own. The first layer learns to copy, and then the
// loss falls to that of one step.
#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <optional>

#include "gramian/evaluation/token_alignment.h"
#include "gramian/papers/gd/studies.h"
#include "gramian/papers/gd/tokens.h"

namespace gramian::gd {

namespace {

constexpr std::uint64_t kSeed = 4;

}  // namespace

std::vector<Cell> fig5_cells() { return {interleaved_cell()}; }

Status draw_fig5(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const bool quick = options.effort.quick;
  const auto cell = GRAMIAN_TRY(load_token_cell(archive, interleaved_cell(), options));
  if (cell == nullptr) return {};
  const TokenRun& run = cell->run;
  const TokenTask& task = run.experiment.task;
  ThreadPool pool(options.threads);
  const auto snapshots = GRAMIAN_TRY(load_transformer_snapshots(cell->directory));

  Panel training{.title = "Training", .x = {.label = "step"}, .y = {.label = "loss of the batch"}};
  auto points = GRAMIAN_TRY(training_curve(*cell->trained, options));
  training.series = {
      {.name = "two layers", .role = Role::full, .mark = Mark::line, .points = std::move(points)},
      {.name = "one step of gradient descent",
       .role = Role::gdpp,
       .mark = Mark::rule,
       .points = {{.y = kOneStepLoss}}}};
  Panel reads{
      .title = "What the first layer reads", .x = {.label = "step"}, .y = {.label = "sensitivity"}};
  Panel along{.title = "Alignment with one step",
              .x = {.label = "step"},
              .y = {.label = "difference or cosine"}};
  Series own{.name = "own token", .role = Role::diag},
      next{.name = "next token", .role = Role::full},
      others{.name = "other tokens", .role = Role::other};
  Series cosine{.name = "cosine", .role = Role::full},
      sensitivity{.name = "sensitivity difference", .role = Role::gdpp},
      prediction{.name = "prediction difference", .role = Role::diag};
  std::vector<double> steps, copying, losses;
  TokenSensitivity last;
  Alignment end;
  for (const TransformerSnapshot& snapshot : snapshots) {
    const auto read =
        GRAMIAN_TRY(state_sensitivity(task, snapshot.transformer, 1, quick ? 16 : 64, kSeed));
    const bool is_last = &snapshot == &snapshots.back();
    const Alignment a =
        align_tokens(task, predictor(task, snapshot.transformer), descent_step(task, kOneStep),
                     quick     ? 200
                     : is_last ? 20'000
                               : 2'000,
                     kSeed, pool);
    const auto x = static_cast<double>(snapshot.step);
    own.points.push_back({.x = x, .y = read.own});
    next.points.push_back({.x = x, .y = read.next});
    others.points.push_back({.x = x, .y = read.others});
    cosine.points.push_back({.x = x, .y = a.cosine.mean()});
    sensitivity.points.push_back({.x = x, .y = a.sensitivity.mean()});
    prediction.points.push_back({.x = x, .y = a.prediction.mean()});
    steps.push_back(x);
    copying.push_back(read.next - read.others);
    losses.push_back(a.loss.mean());
    last = read;
    end = a;
  }
  // Half way: of what the next token matters more than others, and of the loss, from the plateau of
  // predicting zero down (random weights begin above it).
  std::optional<double> copies, falls;
  for (std::size_t k = 0; k < steps.size(); ++k) {
    if (!copies && copying.back() > 0 && copying[k] >= 0.5 * copying.back()) copies = steps[k];
    if (!falls && losses[k] <= 0.5 * (kZeroLoss + losses.back())) falls = steps[k];
  }
  const Estimate& loss = cell->trained->scores.loss.at("model");
  result.claims.push_back(
      {.text = "With x and y in tokens of their own, two layers reach the loss of one step of "
               "gradient descent: 0.2062 within 5%",
       .holds = std::abs(loss.mean / kOneStepLoss - 1) <= 0.05,
       .detail = fmt::format("{} in {:.0f} s; predicting zero {:.4f}", text(loss),
                             cell->trained->seconds, kZeroLoss)});
  result.claims.push_back(
      {.text = "and point where it points: cosine of the sensitivities at least 0.95",
       .holds = end.cosine.mean() >= 0.95,
       .detail =
           fmt::format("cosine {:.4f}, differences of predictions {:.4f} and sensitivities {:.4f}",
                       end.cosine.mean(), end.prediction.mean(), end.sensitivity.mean())});
  result.claims.push_back({.text = "The first layer has learned to copy: it reads the next token "
                                   "at least five times as much as others",
                           .holds = last.next >= 5 * last.others,
                           .detail = fmt::format("own {:.3f}, next {:.3f}, others {:.3f}", last.own,
                                                 last.next, last.others)});
  result.claims.push_back(
      {.text = "It does so before the loss falls: half of the copying is there at the step where "
               "half of the fall from the "
               "plateau is, or earlier",
       .holds = copies && falls ? std::optional<bool>(*copies <= *falls) : std::nullopt,
       .detail = copies && falls ? fmt::format("steps {} and {}", *copies, *falls)
                                 : std::string("no half way")});
  reads.series = {std::move(own), std::move(next), std::move(others)};
  along.series = {std::move(cosine), std::move(sensitivity), std::move(prediction)};
  result.figures.push_back({.id = "gd-fig5",
                            .title = "Interleaved tokens",
                            .caption = "Middle: norm of the gradient of the sum of a token after "
                                       "the first layer with respect to "
                                       "tokens before it, mean over tokens and prompts.",
                            .columns = 3,
                            .panels = {std::move(training), std::move(reads), std::move(along)}});
  return {};
}

}  // namespace gramian::gd
