// low-rank-patterns: whether the rank of the updates is the number of relevant patterns.
#include <fmt/format.h>

#include "gramian/papers/low_rank/claims.h"
#include "gramian/papers/low_rank/draw.h"
#include "gramian/papers/low_rank/studies.h"

namespace gramian::low_rank {

namespace {

constexpr std::size_t kShown = 8;

std::vector<Setting> settings() {
  return {{},
          {.relevant = 4},
          {.relevant = 6},
          {.relevant = 4, .mixed = true},
          {.relevant = 6, .mixed = true}};
}

std::string name_of(const PatternNumbers& at) {
  return fmt::format("{}{}", at.relevant, at.mixed ? ", mixed" : "");
}

Expected<std::vector<PatternNumbers>> measure_patterns(const Archive& archive,
                                                       const StudyOptions& options) {
  std::vector<PatternNumbers> list;
  for (const Setting& setting : settings()) {
    const auto runs = GRAMIAN_TRY(load_token_seeds(archive, setting.cell().name, options));
    list.push_back({.relevant = setting.relevant,
                    .mixed = setting.mixed,
                    .ranks = measure_ranks(runs, setting.relevant)});
  }
  return list;
}

Table table_of(const std::vector<PatternNumbers>& list) {
  Table table =
      rank_table("low-rank-patterns", "What training changed, by the number of relevant patterns");
  table.notes.emplace_back(
      "Mixed: the relevant tokens of a prompt show all patterns of its class; else they all show "
      "one of them.");
  for (const PatternNumbers& at : list) add_rank_rows(name_of(at), at.ranks, table);
  return table;
}

Figure figure_of(const std::vector<PatternNumbers>& list) {
  Figure figure{.id = "low-rank-patterns",
                .title = "Singular values by the number of relevant patterns",
                .caption =
                    "Each as a share of the largest. Bars are two standard errors over "
                    "seeds.",
                .columns = 2,
                .panels = {}};
  for (std::size_t k = 0; k < kMatrices.size(); ++k) {
    Panel panel{.title = fmt::format("Update of {}", kMatrices[k]),
                .x = {.label = "index"},
                .y = {.label = "singular value / largest", .log = true}};
    constexpr Role kRoles[] = {Role::full, Role::diag, Role::gdpp, Role::bayes, Role::other};
    for (std::size_t s = 0; s < list.size(); ++s) {
      if (list[s].ranks.empty()) continue;
      Series series{.name = name_of(list[s]), .role = kRoles[s % std::size(kRoles)]};
      for (std::size_t i = 0; i < kShown; ++i) {
        series.points.push_back(point_over_seeds(static_cast<double>(i + 1),
                                                 each(list[s].ranks, [&](const RankNumbers& seed) {
                                                   const auto& sigma = seed.updates[k].sigma;
                                                   return sigma.at(i) / sigma.front();
                                                 })));
      }
      panel.series.push_back(std::move(series));
    }
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

}  // namespace

std::vector<Cell> patterns_cells() { return cells_of(settings()); }

Status draw_patterns(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto list = GRAMIAN_TRY(measure_patterns(archive, options));
  for (const PatternNumbers& at : list) add_claims(pattern_claims(at), result);
  result.tables.push_back(table_of(list));
  result.figures.push_back(figure_of(list));
  return {};
}

}  // namespace gramian::low_rank
