// Beyond the paper: what training changed in its FULL networks, and what pruning costs them, as
// Li et al. (2024) ask of one layer of softmax attention (papers/low_rank).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "gramian/base/assert.h"
#include "gramian/io/progress.h"
#include "gramian/papers/versatile/changes.h"
#include "gramian/papers/versatile/draw.h"
#include "gramian/runs/trained_run.h"

namespace gramian::versatile {

namespace {

constexpr std::uint64_t kPromptSeed = 77'000;  // of the prompts of every loss of this study
constexpr std::size_t kHalf = 1;               // 50% among the pruned shares of ChangesPlan

Setting full_setting(int layers) {
  return {.kind = Parametrisation::full, .layers = layers, .problem = &main_problem()};
}

Expected<MeasuredChanges> measure_changes(const Trained& trained, int layers,
                                          const StudyOptions& options, ThreadPool& pool) {
  const std::string path = fmt::format("{}/{}", options.directory, trained.directory);
  const auto directory = GRAMIAN_TRY(RunDirectory::open(path));
  const auto run = GRAMIAN_TRY(load_trained_run(directory));
  const EvalSpec eval{.prompts = options.effort.quick ? 2'000u : 20'000u, .seed = kPromptSeed};
  const TrainedSystem system = gram_system(run.experiment.task, run.network, run.experiment.train,
                                           start_of(run.experiment, path, pool), eval, pool);
  const ChangesPlan plan{.retrain_steps = options.effort.quick ? 20 : 300};
  auto changes =
      GRAMIAN_TRY(examine_changes(system, plan, [&options](std::uint64_t, std::uint64_t) {
        return !options.interrupted || !options.interrupted();
      }));
  return MeasuredChanges{.layers = layers, .changes = std::move(changes)};
}

Expected<std::vector<MeasuredChanges>> measure_all(const Archive& archive,
                                                   const StudyOptions& options) {
  std::vector<std::pair<int, const Trained*>> networks;
  for (int layers = 1; layers <= kTableLayers; ++layers) {
    for (const Trained* trained : seeds(archive, full_setting(layers)))
      networks.emplace_back(layers, trained);
  }
  ThreadPool pool(options.threads);
  Progress bar("measure", static_cast<std::int64_t>(networks.size()), "networks");
  std::vector<MeasuredChanges> list;
  for (const auto& [layers, trained] : networks) {
    bar.update(static_cast<std::int64_t>(list.size()));
    MeasuredChanges measured = GRAMIAN_TRY(measure_changes(*trained, layers, options, pool));
    if (!measured.changes.updates.empty()) list.push_back(std::move(measured));
  }
  return list;
}

TableCell cell_of(const RunningMean& mean) {
  return {.value = mean.mean(), .se = mean.standard_error()};
}

Table ranks_table(const std::vector<MeasuredChanges>& list) {
  Table table{
      .id = "changes-rank",
      .title = "FULL on sigma ~ U(0, 5): adjusted loss with the changes at a low rank",
      .columns = {"L", "directions for 99%"},
      .notes = {"One row for each depth and seed. Directions: of 11, those that hold 99% of "
                "the squares of the change of a matrix, the median over P and Q of all "
                "layers. Losses with their standard errors over prompts; of networks that "
                "explode they say no more than that."}};
  for (const TruncationCost& cost : list.front().changes.truncations)
    table.columns.push_back(fmt::format("rank {}", cost.rank));
  for (const MeasuredChanges& m : list) {
    auto& row = table.rows.emplace_back();
    row.emplace_back(static_cast<double>(m.layers));
    row.emplace_back(m.median_rank());
    for (const TruncationCost& cost : m.changes.truncations) row.emplace_back(cell_of(cost.loss));
  }
  return table;
}

Table pruned_table(const std::vector<MeasuredChanges>& list, bool at_random) {
  Table table{.id = at_random ? "changes-random" : "changes-pruned",
              .title = fmt::format("Adjusted loss without a share of the weights, {}",
                                   at_random ? "at random" : "the smallest first"),
              .columns = {"L", "all weights"},
              .notes = {fmt::format("After retraining: {} steps of Adam on the weights that are "
                                    "left, on prompts that training has not seen.",
                                    list.front().changes.retrain_steps)}};
  for (const PruningCost& cost : list.front().changes.pruning) {
    if (cost.at_random != at_random) continue;
    table.columns.push_back(fmt::format("without {:.0f}%", 100 * cost.share));
    table.columns.push_back("retrained");
  }
  for (const MeasuredChanges& m : list) {
    auto& row = table.rows.emplace_back();
    row.emplace_back(static_cast<double>(m.layers));
    row.emplace_back(cell_of(m.changes.trained));
    for (const PruningCost& cost : m.changes.pruning) {
      if (cost.at_random != at_random) continue;
      row.emplace_back(cell_of(cost.before));
      row.emplace_back(cost.after ? cell_of(*cost.after) : TableCell{.note = "diverged"});
    }
  }
  return table;
}

// One curve for each depth, of its first seed.
template <class Points>
Panel panel_of(const std::vector<MeasuredChanges>& list, std::string title, std::string x, Axis y,
               Points points) {
  y.log = true;
  Panel panel{.title = std::move(title), .x = {.label = std::move(x)}, .y = std::move(y)};
  for (const MeasuredChanges& m : list) {
    if (!panel.series.empty() && panel.series.back().name == fmt::format("L = {}", m.layers))
      continue;
    panel.series.push_back({.name = fmt::format("L = {}", m.layers), .points = points(m)});
  }
  return panel;
}

Figure figure_of(const std::vector<MeasuredChanges>& list) {
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
  return {.id = "changes",
          .title = "What training changed in FULL networks, and what pruning costs",
          .caption =
              "sigma ~ U(0, 5), the first seed of each depth. Bars are two standard errors "
              "over prompts.",
          .columns = 2,
          .panels = {panel_of(list, "Singular values of the changes, mean over P and Q", "index",
                              {.label = "singular value / largest"}, singular_values),
                     panel_of(list, "With the changes at a low rank", "rank of each change", loss,
                              truncated),
                     panel_of(list, "Pruned", share, loss, pruned_by_size(false)),
                     panel_of(list, "Pruned and retrained", share, loss, pruned_by_size(true))}};
}

}  // namespace

double MeasuredChanges::median_rank() const {
  GRAMIAN_ASSERT(!changes.updates.empty());
  std::vector<double> ranks;
  for (const MatrixUpdate& update : changes.updates) ranks.push_back(update.rank_99);
  std::ranges::sort(ranks);
  return 0.5 * (ranks[(ranks.size() - 1) / 2] + ranks[ranks.size() / 2]);
}

std::vector<Claim> changes_claims(const std::vector<MeasuredChanges>& list) {
  Claim rank{.text =
                 "The changes of P and Q have no low rank: in every network from two layers on "
                 "the median one needs at least 5 of 11 directions for 99% of its squares"};
  Claim low{.text =
                "and no low rank is enough: with all changes at any rank from 1 to 8 the adjusted "
                "loss of every network from two layers on is more than twice that of the whole "
                "changes"};
  Claim half{.text =
                 "Half of the weights can go: without the smallest 50%, and after retraining, "
                 "the adjusted loss of every network is at most 10% above that of all weights"};
  double fewest = INFINITY, nearest = INFINITY, dearest = 0;
  for (const MeasuredChanges& m : list) {
    if (m.layers >= 2 && m.median_rank() < fewest) {
      fewest = m.median_rank();
      rank.holds = fewest >= 5;
      rank.detail = fmt::format("the fewest are {}, at L = {}", fewest, m.layers);
    }
    for (const TruncationCost& cost : m.changes.truncations) {
      if (m.layers < 2 || cost.rank == 0 || cost.rank > 8) continue;
      const double ratio = cost.loss.mean() / m.changes.trained.mean();
      if (!(ratio < nearest)) continue;  // what explodes is far
      nearest = ratio;
      low.holds = ratio > 2;
      low.detail =
          fmt::format("at least {:.3g} times, at L = {} and rank {}", ratio, m.layers, cost.rank);
    }
    const auto& after = m.changes.pruning[kHalf].after;
    double ratio = after ? after->mean() / m.changes.trained.mean() : INFINITY;
    if (!std::isfinite(ratio)) ratio = INFINITY;
    if (ratio > dearest) {
      dearest = ratio;
      half.holds = ratio <= 1.1;
      half.detail =
          fmt::format("at most {:.3g} times that of all weights, at L = {}", ratio, m.layers);
    }
  }
  return {rank, low, half};
}

std::vector<Cell> changes_cells() {
  std::vector<Setting> settings;
  for (int layers = 1; layers <= kTableLayers; ++layers) settings.push_back(full_setting(layers));
  return cells_of(settings);
}

Status draw_changes(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto list = GRAMIAN_TRY(measure_all(archive, options));
  add_claims(changes_claims(list), result);
  if (list.empty()) return {};
  result.tables = {ranks_table(list), pruned_table(list, false), pruned_table(list, true)};
  result.figures.push_back(figure_of(list));
  return {};
}

}  // namespace gramian::versatile
