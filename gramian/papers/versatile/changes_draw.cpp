// Tables and figures of the study `changes`.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "gramian/base/assert.h"
#include "gramian/papers/versatile/changes.h"
#include "gramian/papers/versatile/draw.h"

namespace gramian::versatile {

namespace {

using Networks = std::vector<const MeasuredChanges*>;

Networks on_main_problem(const std::vector<MeasuredChanges>& list) {
  Networks networks;
  for (const MeasuredChanges& m : list) {
    if (m.problem == &main_problem()) networks.push_back(&m);
  }
  return networks;
}

Networks that_count(const Networks& networks) {
  Networks some;
  std::ranges::copy_if(networks, std::back_inserter(some),
                       [](const MeasuredChanges* m) { return m->counts; });
  return some;
}

Table ranks_table(const Networks& networks) {
  Table table{
      .id = "changes-rank",
      .title = "FULL on sigma ~ U(0, 5): adjusted loss with the changes at a low rank",
      .columns = {"L", "seed", "directions for 99%"},
      .notes = {"Directions: of 11, those that hold 99% of the squares of the change of a matrix, "
                "the median over P and Q of all layers. Losses with their standard errors over "
                "prompts; of networks that explode they say no more than that."}};
  for (const TruncationCost& cost : networks.front()->changes.truncations)
    table.columns.push_back(fmt::format("rank {}", cost.rank));
  for (const MeasuredChanges* m : networks) {
    auto& row = table.rows.emplace_back();
    row.emplace_back(static_cast<double>(m->layers));
    row.emplace_back(static_cast<double>(m->seed));
    row.emplace_back(m->median_rank());
    for (const TruncationCost& cost : m->changes.truncations)
      row.emplace_back(cell_of(estimate_of(cost.loss)));
  }
  return table;
}

Table pruned_table(const Networks& networks, bool at_random) {
  Table table{.id = at_random ? "changes-random" : "changes-pruned",
              .title = fmt::format("Adjusted loss without a share of the weights, {}",
                                   at_random ? "at random" : "the smallest first"),
              .columns = {"L", "seed", "all weights"},
              .notes = {fmt::format("sigma ~ U(0, 5). After retraining: {} steps of Adam on the "
                                    "weights that are left, on prompts that training has not seen.",
                                    networks.front()->changes.retrain_steps)}};
  for (const PruningCost& cost : networks.front()->changes.pruning) {
    if (cost.at_random != at_random) continue;
    table.columns.push_back(fmt::format("without {:.0f}%", 100 * cost.share));
    table.columns.push_back("retrained");
  }
  for (const MeasuredChanges* m : networks) {
    auto& row = table.rows.emplace_back();
    row.emplace_back(static_cast<double>(m->layers));
    row.emplace_back(static_cast<double>(m->seed));
    row.emplace_back(cell_of(estimate_of(m->changes.trained)));
    for (const PruningCost& cost : m->changes.pruning) {
      if (cost.at_random != at_random) continue;
      row.emplace_back(cell_of(estimate_of(cost.before)));
      row.emplace_back(cost.after ? cell_of(estimate_of(*cost.after))
                                  : TableCell{.note = "diverged"});
    }
  }
  return table;
}

// What is asked of every cell: a number for each network, in a table and in a panel.
struct Quantity {
  const char *id, *title, *axis;
  Estimate (*of)(const MeasuredChanges&);
  Axis y;
};

std::vector<Quantity> quantities() {
  const char* multiple = "loss / loss as it is";
  return {{"changes-directions", "Directions of 11 for 99% of a change, median over P and Q",
           "directions",
           [](const MeasuredChanges& m) {
             return Estimate{m.median_rank(), 0};
           },
           Axis{.domain = {0, 11}}},
          {"changes-rank-8", "Loss with all changes at rank 8", multiple,
           [](const MeasuredChanges& m) { return m.at_rank(8); },
           Axis{.log = true, .domain = {0.5, 1e6}}},
          {"changes-half", "Loss without the smallest 50%, retrained", multiple,
           [](const MeasuredChanges& m) { return m.after_pruning(0.5); },
           Axis{.log = true, .domain = {0.8, 10}}},
          {"changes-three-quarters", "Loss without the smallest 75%, retrained", multiple,
           [](const MeasuredChanges& m) { return m.after_pruning(0.75); },
           Axis{.log = true, .domain = {0.8, 1e3}}}};
}

Table by_problem(const Quantity& quantity, const std::vector<MeasuredChanges>& list) {
  Table table{.id = quantity.id,
              .title = std::string(quantity.title) + ", by noise problem and depth",
              .columns = {"sigma"},
              .notes = {"Of each cell the seed that counts in Table 1. Losses as multiples of the "
                        "loss of the network as it is, with standard errors over prompts."}};
  for (int layers = 1; layers <= kTableLayers; ++layers)
    table.columns.push_back(fmt::format("L = {}", layers));
  for (const Problem& problem : problems()) {
    auto& row = table.rows.emplace_back();
    row.emplace_back(problem.title);
    for (int layers = 1; layers <= kTableLayers; ++layers) {
      const auto found = std::ranges::find_if(list, [&](const MeasuredChanges& m) {
        return m.counts && m.problem == &problem && m.layers == layers;
      });
      if (found == list.end()) {
        row.emplace_back(TableCell{.note = "not trained"});
        continue;
      }
      const Estimate number = quantity.of(*found);
      row.emplace_back(cell_of(number));
    }
  }
  return table;
}

Panel panel_by_problem(const Quantity& quantity, const std::vector<MeasuredChanges>& list) {
  Panel panel{.title = quantity.title,
              .x = {.label = "layers", .ticks = {1, 2, 3, 4, 5, 6, 7}},
              .y = quantity.y};
  panel.y.label = quantity.axis;
  for (const Problem& problem : problems()) {
    Series series{.name = problem.title};
    for (const MeasuredChanges& m : list) {
      if (m.counts && m.problem == &problem)
        series.points.push_back(point(m.layers, quantity.of(m)));
    }
    if (!series.points.empty()) panel.series.push_back(std::move(series));
  }
  return panel;
}

// One curve for each depth.
template <class Points>
Panel panel_of(const Networks& networks, std::string title, std::string x, Axis y, Points points) {
  y.log = true;
  Panel panel{.title = std::move(title), .x = {.label = std::move(x)}, .y = std::move(y)};
  for (const MeasuredChanges* m : networks)
    panel.series.push_back({.name = fmt::format("L = {}", m->layers), .points = points(*m)});
  return panel;
}

Figure main_figure(const Networks& networks) {
  const auto singular_values = [](const MeasuredChanges& m) {
    std::vector<Point> points;
    for (int k = 0; k < m.changes.truncations.back().rank; ++k) {
      double sum = 0;
      for (const MatrixUpdate& update : m.changes.updates)
        sum += update.sigma[static_cast<std::size_t>(k)] / update.sigma.front();
      points.push_back({.x = k + 1.0, .y = sum / static_cast<double>(m.changes.updates.size())});
    }
    return points;
  };
  const auto truncated = [](const MeasuredChanges& m) {
    std::vector<Point> points;
    for (const TruncationCost& cost : m.changes.truncations)
      points.push_back(point(cost.rank, estimate_of(cost.loss)));
    return points;
  };
  const auto pruned_by_size = [](bool retrained) {
    return [retrained](const MeasuredChanges& m) {
      std::vector<Point> points{point(0, estimate_of(m.changes.trained))};
      for (const PruningCost& cost : m.changes.pruning) {
        if (cost.at_random || (retrained && !cost.after)) continue;
        points.push_back(point(cost.share, estimate_of(retrained ? *cost.after : cost.before)));
      }
      return points;
    };
  };
  const std::string share = "share of the weights pruned, smallest first";
  // Networks that explode have losses of up to 1e66.
  const Axis loss{.label = "adjusted loss", .domain = {0.02, 100}};
  return {
      .id = "changes",
      .title = "What training changed in FULL networks, and what pruning costs",
      .caption =
          "sigma ~ U(0, 5), of each depth the seed that counts in Table 1. Bars are two "
          "standard errors over prompts.",
      .columns = 2,
      .panels = {panel_of(networks, "Singular values of the changes, mean over P and Q", "index",
                          {.label = "singular value / largest"}, singular_values),
                 panel_of(networks, "With the changes at a low rank", "rank of each change", loss,
                          truncated),
                 panel_of(networks, "Pruned", share, loss, pruned_by_size(false)),
                 panel_of(networks, "Pruned and retrained", share, loss, pruned_by_size(true))}};
}

}  // namespace

std::vector<Table> changes_tables(const std::vector<MeasuredChanges>& list) {
  GRAMIAN_ASSERT(!list.empty());
  std::vector<Table> tables;
  for (const Quantity& quantity : quantities()) tables.push_back(by_problem(quantity, list));
  if (const Networks main = on_main_problem(list); !main.empty()) {
    tables.push_back(ranks_table(main));
    tables.push_back(pruned_table(main, false));
    tables.push_back(pruned_table(main, true));
  }
  return tables;
}

std::vector<Figure> changes_figures(const std::vector<MeasuredChanges>& list) {
  GRAMIAN_ASSERT(!list.empty());
  std::vector<Figure> figures;
  if (const Networks main = that_count(on_main_problem(list)); !main.empty())
    figures.push_back(main_figure(main));
  Figure by_noise{.id = "changes-problems",
                  .title = "The same on every noise problem of Table 1",
                  .caption =
                      "FULL, of each cell the seed that counts in Table 1. Bars are two "
                      "standard errors over prompts.",
                  .columns = 2};
  for (const Quantity& quantity : quantities())
    by_noise.panels.push_back(panel_by_problem(quantity, list));
  figures.push_back(std::move(by_noise));
  return figures;
}

}  // namespace gramian::versatile
