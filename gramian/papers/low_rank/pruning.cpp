// low-rank-fig2: norms of the neurons of the trained layer, and the hinge loss without some of
// them.
#include <fmt/format.h>

#include "gramian/papers/low_rank/claims.h"
#include "gramian/papers/low_rank/draw.h"
#include "gramian/papers/low_rank/studies.h"

namespace gramian::low_rank {

namespace {

Expected<std::vector<PruningNumbers>> measure_pruned_seeds(const Archive& archive,
                                                           const StudyOptions& options) {
  const auto runs = GRAMIAN_TRY(load_token_seeds(archive, Setting{}.cell().name, options));
  ThreadPool pool(options.threads);
  std::vector<PruningNumbers> numbers;
  for (const TokenSeed& seed : runs)
    numbers.push_back(measure_pruning(seed.run, precision_for(options), pool));
  return numbers;
}

struct Curve {
  const char* name;
  Role role;
  std::vector<double> PruningNumbers::*losses;
};
constexpr Curve kCurves[] = {{"smallest first", Role::full, &PruningNumbers::small_first},
                             {"at random", Role::other, &PruningNumbers::random},
                             {"largest first", Role::diag, &PruningNumbers::large_first}};

Table table_of(const std::vector<PruningNumbers>& seeds) {
  Table table{.id = "low-rank-fig2",
              .title = "Hinge loss without a share of the neurons",
              .columns = {"share pruned", "smallest first", "at random", "largest first"},
              .rows = {},
              .notes = {"Means over seeds with their standard errors. A neuron is a row of W_O; it "
                        "is pruned by setting the row to zero."}};
  for (std::size_t i = 0; i < kPrunedShares.size() && !seeds.empty(); ++i) {
    auto& row = table.rows.emplace_back();
    row.emplace_back(kPrunedShares[i]);
    for (const Curve& curve : kCurves) {
      row.emplace_back(
          over_seeds(each(seeds, [&](const PruningNumbers& s) { return (s.*curve.losses)[i]; })));
    }
  }
  return table;
}

Figure figure_of(const std::vector<PruningNumbers>& seeds) {
  Panel losses{
      .title = "Pruning", .x = {.label = "share of neurons pruned"}, .y = {.label = "hinge loss"}};
  for (const Curve& curve : kCurves) {
    Series series{.name = curve.name, .role = curve.role};
    for (std::size_t i = 0; i < kPrunedShares.size() && !seeds.empty(); ++i) {
      series.points.push_back(point_over_seeds(
          kPrunedShares[i],
          each(seeds, [&](const PruningNumbers& s) { return (s.*curve.losses)[i]; })));
    }
    losses.series.push_back(std::move(series));
  }
  Panel norms{.title = "Norms of the neurons, sorted",
              .x = {.label = "neuron"},
              .y = {.label = "norm of its row of W_O"}};
  for (std::size_t s = 0; s < seeds.size(); ++s) {
    Series series{.name = fmt::format("seed {}", s), .role = Role::other};
    for (std::size_t i = 0; i < seeds[s].norms.size(); ++i)
      series.points.push_back({.x = static_cast<double>(i + 1), .y = seeds[s].norms[i]});
    norms.series.push_back(std::move(series));
  }
  return {.id = "low-rank-fig2",
          .title = "Norms of neurons and pruning",
          .caption = "Bars are two standard errors over seeds.",
          .columns = 2,
          .panels = {std::move(losses), std::move(norms)}};
}

}  // namespace

std::vector<Cell> pruning_cells() { return {Setting{}.cell()}; }

Status draw_pruning(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto numbers = GRAMIAN_TRY(measure_pruned_seeds(archive, options));
  result.claims = pruning_claims(numbers);
  result.tables.push_back(table_of(numbers));
  result.figures.push_back(figure_of(numbers));
  return {};
}

}  // namespace gramian::low_rank
