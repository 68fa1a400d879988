// low-rank-conditions: whether rank and pruning stay as they are with more noise, with fewer and
// more tokens, and where one class is rare.
#include "gramian/papers/low_rank/claims.h"
#include "gramian/papers/low_rank/draw.h"
#include "gramian/papers/low_rank/studies.h"

namespace gramian::low_rank {

namespace {

struct Condition {
  const char* name;
  Setting setting;
};

const std::vector<Condition>& conditions() {
  static const std::vector<Condition> list{{"noise 0.5", {.noise = 0.5}},
                                           {"noise 1", {.noise = 1}},
                                           {"20 tokens", {.tokens = 20}},
                                           {"80 tokens", {.tokens = 80}},
                                           {"20% positive", {.positive = 0.2}}};
  return list;
}

Expected<std::vector<ConditionNumbers>> measure_conditions(const Archive& archive,
                                                           const StudyOptions& options) {
  ThreadPool pool(options.threads);
  std::vector<ConditionNumbers> list;
  for (const auto& [name, setting] : conditions()) {
    const auto runs = GRAMIAN_TRY(load_token_seeds(archive, setting.cell().name, options));
    ConditionNumbers& at = list.emplace_back(ConditionNumbers{.condition = name});
    at.ranks = measure_ranks(runs, setting.relevant);
    for (const TokenSeed& seed : runs) {
      at.hinge.push_back(seed.trained->scores.loss.at("model").mean);
      at.pruning.push_back(measure_pruning(seed.run, precision_for(options), pool));
    }
  }
  return list;
}

Table loss_table(const std::vector<ConditionNumbers>& list) {
  Table table{.id = "low-rank-conditions",
              .title = "Hinge loss, whole and with 30% of the neurons pruned",
              .columns = {"condition", "whole", "smallest pruned", "at random", "largest pruned"},
              .rows = {},
              .notes = {"Means over seeds with their standard errors."}};
  for (const ConditionNumbers& at : list) {
    if (at.pruning.empty()) continue;
    const auto cell = [&](std::vector<double> PruningNumbers::*losses) {
      return over_seeds(
          each(at.pruning, [&](const PruningNumbers& s) { return (s.*losses).at(kThirty); }));
    };
    table.rows.push_back({at.condition, over_seeds(at.hinge), cell(&PruningNumbers::small_first),
                          cell(&PruningNumbers::random), cell(&PruningNumbers::large_first)});
  }
  return table;
}

Table updates_table(const std::vector<ConditionNumbers>& list) {
  Table table = rank_table("low-rank-conditions-ranks", "What training changed");
  for (const ConditionNumbers& at : list) add_rank_rows(at.condition, at.ranks, table);
  return table;
}

Figure figure_of(const std::vector<ConditionNumbers>& list) {
  Panel panel{.title = "Pruning, smallest first",
              .x = {.label = "share of neurons pruned"},
              .y = {.label = "hinge loss"}};
  constexpr Role kRoles[] = {Role::full, Role::diag, Role::gdpp, Role::bayes, Role::other};
  for (std::size_t c = 0; c < list.size(); ++c) {
    if (list[c].pruning.empty()) continue;
    Series series{.name = list[c].condition, .role = kRoles[c % std::size(kRoles)]};
    for (std::size_t i = 0; i < kPrunedShares.size(); ++i) {
      series.points.push_back(point_over_seeds(
          kPrunedShares[i],
          each(list[c].pruning, [&](const PruningNumbers& s) { return s.small_first[i]; })));
    }
    panel.series.push_back(std::move(series));
  }
  return {.id = "low-rank-conditions",
          .title = "Pruning under other conditions",
          .caption = "Bars are two standard errors over seeds.",
          .panels = {std::move(panel)}};
}

}  // namespace

std::vector<Cell> conditions_cells() { return cells_of(conditions(), &Condition::setting); }

Status draw_conditions(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto list = GRAMIAN_TRY(measure_conditions(archive, options));
  result.claims = condition_claims(list);
  result.tables = {loss_table(list), updates_table(list)};
  result.figures.push_back(figure_of(list));
  return {};
}

}  // namespace gramian::low_rank
