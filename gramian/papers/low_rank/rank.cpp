// low-rank-fig1: the singular values of what training changed, and the hinge loss where the updates
// are truncated.
#include <fmt/format.h>

#include "gramian/papers/low_rank/claims.h"
#include "gramian/papers/low_rank/draw.h"
#include "gramian/papers/low_rank/studies.h"

namespace gramian::low_rank {

namespace {

constexpr int kRanks = 5;  // truncated to at most this rank
constexpr std::size_t kRanksShown = 8;

struct SeedNumbers {
  std::vector<double> hinge = {}, steps = {};
  std::vector<RankNumbers> ranks = {};
  std::vector<TruncationNumbers> truncations = {};
  std::vector<Point> training = {};  // of the first seed
};

// The step at which the loss of the batch first falls below 0.01; the last step if it never does.
double steps_to_learn(const std::vector<Point>& training) {
  for (const Point& at : training) {
    if (at.y < 0.01) return at.x;
  }
  return training.empty() ? 0 : training.back().x;
}

Expected<SeedNumbers> measure_trained_seeds(const Archive& archive, const StudyOptions& options) {
  const Setting setting;
  const auto runs = GRAMIAN_TRY(load_token_seeds(archive, setting.cell().name, options));
  ThreadPool pool(options.threads);
  SeedNumbers numbers{.ranks = measure_ranks(runs, setting.relevant)};
  for (const TokenSeed& seed : runs) {
    numbers.hinge.push_back(seed.trained->scores.loss.at("model").mean);
    numbers.truncations.push_back(
        measure_truncation(seed.run, kRanks, precision_for(options), pool));
    auto training = GRAMIAN_TRY(training_curve(*seed.trained, options));
    numbers.steps.push_back(steps_to_learn(training));
    if (numbers.training.empty()) numbers.training = std::move(training);
  }
  return numbers;
}

Table updates_table(const SeedNumbers& numbers) {
  Table table = rank_table("low-rank-fig1", "What training changed");
  add_rank_rows("2 relevant patterns", numbers.ranks, table);
  return table;
}

Table loss_table(const SeedNumbers& numbers) {
  Table table{.id = "low-rank-fig1-losses",
              .title = "Hinge losses with truncated updates of W_Q, W_K and W_V",
              .columns = {"weights", "hinge loss"},
              .rows = {},
              .notes = {}};
  if (numbers.truncations.empty()) return table;
  const auto row = [&](std::string name, auto number) {
    table.rows.push_back({std::move(name), over_seeds(each(numbers.truncations, number))});
  };
  row("before training", [](const TruncationNumbers& t) { return t.start; });
  for (std::size_t k = 0; k <= kRanks; ++k) {
    row(fmt::format("updates of rank {}", k),
        [k](const TruncationNumbers& t) { return t.truncated[k]; });
  }
  row("after training", [](const TruncationNumbers& t) { return t.trained; });
  table.notes.push_back(fmt::format(
      "The loss of the batch first falls below 0.01 after {:.0f} steps (mean over seeds; recorded "
      "every 10 steps).",
      *over_seeds(numbers.steps).value));
  return table;
}

Figure figure_of(const SeedNumbers& numbers) {
  Panel values{.title = "Singular values of the updates",
               .x = {.label = "index"},
               .y = {.label = "singular value", .log = true}};
  constexpr Role kRoles[] = {Role::full, Role::diag, Role::gdpp, Role::bayes};
  for (std::size_t k = 0; k < kMatrices.size() && !numbers.ranks.empty(); ++k) {
    Series series{.name = std::string(kMatrices[k]), .role = kRoles[k]};
    for (std::size_t i = 0; i < kRanksShown; ++i) {
      series.points.push_back(point_over_seeds(
          static_cast<double>(i + 1),
          each(numbers.ranks, [&](const RankNumbers& s) { return s.updates[k].sigma.at(i); })));
    }
    values.series.push_back(std::move(series));
  }
  Panel losses{.title = "Updates of W_Q, W_K and W_V truncated",
               .x = {.label = "rank"},
               .y = {.label = "hinge loss"}};
  Series series{.name = "hinge loss", .role = Role::full};
  for (std::size_t k = 0; k <= kRanks && !numbers.truncations.empty(); ++k) {
    series.points.push_back(point_over_seeds(
        static_cast<double>(k),
        each(numbers.truncations, [&](const TruncationNumbers& t) { return t.truncated[k]; })));
  }
  losses.series.push_back(std::move(series));
  Panel response{.title = "Update of W_V times each pattern",
                 .x = {.label = "pattern"},
                 .y = {.label = "norm"}};
  Series norms{
      .name = "patterns; the first two are relevant", .role = Role::full, .mark = Mark::points};
  for (int j = 0; j < Setting{}.task().patterns && !numbers.ranks.empty(); ++j) {
    norms.points.push_back(point_over_seeds(j + 1, each(numbers.ranks, [&](const RankNumbers& s) {
                                              return s.response.at(static_cast<std::size_t>(j));
                                            })));
  }
  response.series.push_back(std::move(norms));
  Panel training{.title = "Training, first seed",
                 .x = {.label = "step"},
                 .y = {.label = "hinge loss of the batch"}};
  training.series.push_back({.name = "hinge loss", .role = Role::full, .points = numbers.training});
  return {
      .id = "low-rank-fig1",
      .title = "The rank of what training changed",
      .caption = "Bars are two standard errors over seeds.",
      .columns = 2,
      .panels = {std::move(values), std::move(losses), std::move(response), std::move(training)}};
}

}  // namespace

std::vector<Cell> rank_cells() { return {Setting{}.cell()}; }

Status draw_rank(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto numbers = GRAMIAN_TRY(measure_trained_seeds(archive, options));
  add_claims(training_claims(numbers.hinge), result);
  add_claims(rank_claims(numbers.ranks), result);
  add_claims(truncation_claims(numbers.truncations), result);
  result.tables = {updates_table(numbers), loss_table(numbers)};
  result.figures.push_back(figure_of(numbers));
  return {};
}

}  // namespace gramian::low_rank
