#include "gramian/explain/page_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "gramian/base/json_number.h"
#include "gramian/explain/page_parts.h"

namespace gramian {

namespace {

using Json = nlohmann::ordered_json;
using page::cell, page::json_of;

Point loss_point(double x, const RunningMean& mean) {
  const double error = 2 * mean.standard_error();
  return {.x = x, .y = mean.mean(), .low = mean.mean() - error, .high = mean.mean() + error};
}

Table updates_table(const Changes& changes) {
  Table table{.id = "updates",
              .title = "Rank of what training changed",
              .columns = {"", "|change| / |start|", "directions that hold 99% of its squares"},
              .notes = {"The change of each matrix against the start of the run, which its seed "
                        "makes again."}};
  for (const MatrixUpdate& update : changes.updates) {
    table.rows.push_back(
        {update.name, TableCell{.value = update.size}, static_cast<double>(update.rank_99)});
  }
  return table;
}

Table pruning_table(const Changes& changes) {
  Table table{
      .id = "pruning",
      .title = fmt::format("What pruning costs: {} without a share of the weights of all layers",
                           changes.loss_name),
      .columns = {"share", "order", "before",
                  fmt::format("after {} steps of retraining", changes.retrain_steps)},
      .notes = {}};
  for (const PruningCost& cost : changes.pruning) {
    table.rows.push_back({cost.share, std::string(cost.order()), cell(cost.before),
                          cost.after ? cell(*cost.after) : TableCell{.note = cost.failure}});
  }
  return table;
}

Figure updates_figure(const Changes& changes) {
  Panel values{.title = "Singular values of the changes",
               .x = {.label = "index"},
               .y = {.label = "singular value / largest", .log = true}};
  for (const MatrixUpdate& update : changes.updates) {
    if (!(update.sigma.front() > 0)) continue;
    Series series{.name = update.name};
    for (std::size_t k = 0; k < update.sigma.size() && update.sigma[k] > 0; ++k) {
      series.points.push_back(
          {.x = static_cast<double>(k + 1), .y = update.sigma[k] / update.sigma.front()});
    }
    values.series.push_back(std::move(series));
  }
  Panel losses{.title = "With the changes at a low rank",
               .x = {.label = "rank of each change"},
               .y = {.label = changes.loss_name, .log = true}};
  Series series{.name = "network", .role = Role::full};
  for (const TruncationCost& cost : changes.truncations)
    series.points.push_back(loss_point(cost.rank, cost.loss));
  losses.series.push_back(std::move(series));
  return {.id = "updates",
          .title = "What training changed",
          .caption = "Bars are two standard errors over prompts.",
          .columns = 2,
          .panels = {std::move(values), std::move(losses)}};
}

Figure pruning_figure(const Changes& changes) {
  Panel panel{.title = "Pruning",
              .x = {.label = "share of the weights pruned"},
              .y = {.label = changes.loss_name, .log = true}};
  for (const bool at_random : {false, true}) {
    Series before{.name = at_random ? "at random" : "smallest first",
                  .role = at_random ? Role::other : Role::full},
        after{.name = before.name + ", retrained", .role = before.role, .mark = Mark::dashes};
    for (Series* series : {&before, &after})
      series->points.push_back(loss_point(0, changes.trained));
    for (const PruningCost& cost : changes.pruning) {
      if (cost.at_random != at_random) continue;
      before.points.push_back(loss_point(cost.share, cost.before));
      if (cost.after) after.points.push_back(loss_point(cost.share, *cost.after));
    }
    panel.series.push_back(std::move(before));
    if (after.points.size() > 1) panel.series.push_back(std::move(after));
  }
  return {.id = "pruning",
          .title = "What pruning costs",
          .caption = "Bars are two standard errors over prompts.",
          .panels = {std::move(panel)}};
}

}  // namespace

void add_changes(const Changes& changes, StudyResult& section) {
  if (!changes.updates.empty()) {
    section.tables.push_back(updates_table(changes));
    section.figures.push_back(updates_figure(changes));
  }
  section.tables.push_back(pruning_table(changes));
  section.figures.push_back(pruning_figure(changes));
}

Json changes_json(const Changes& changes) {
  Json updates = Json::array(), truncations = Json::array(), pruning = Json::array();
  for (const MatrixUpdate& update : changes.updates) {
    updates.push_back({{"name", update.name},
                       {"sigma", update.sigma},
                       {"size", number_or_null(update.size)},
                       {"rank_99", update.rank_99}});
  }
  for (const TruncationCost& cost : changes.truncations)
    truncations.push_back({{"rank", cost.rank}, {"loss", json_of(cost.loss)}});
  for (const PruningCost& cost : changes.pruning) {
    pruning.push_back({{"share", cost.share},
                       {"at_random", cost.at_random},
                       {"before", json_of(cost.before)},
                       {"after", cost.after ? json_of(*cost.after) : Json(nullptr)},
                       {"failure", cost.failure}});
  }
  return {{"loss_name", changes.loss_name},
          {"trained", json_of(changes.trained)},
          {"updates", updates},
          {"truncations", truncations},
          {"pruning", pruning}};
}

}  // namespace gramian
