// looped-fig2: training curves of networks with one layer used L times, and with L layers.
#include <fmt/format.h>

#include <cmath>
#include <map>

#include "gramian/studies/looped.h"
#include "gramian/theory/gd_family.h"

namespace gramian {

namespace {

constexpr int kDimension = 5, kContext = 20;
constexpr double kFactor = 4;  // "of the same order": published values are read off a figure, d and n are a guess

const LoopedProblem& full_problem() { return looped_problem(kDimension, kContext, 1); }

}  // namespace

std::vector<Cell> looped_fig2_cells() {
  std::vector<Cell> cells;
  for (const LoopedPublished& p : looped_published_training()) {
    cells.push_back(
        {.kind = Parametrisation::full, .layers = p.layers, .problem = &full_problem().problem, .tied = p.tied});
  }
  return cells;
}

Status draw_looped_fig2(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto spectra =
      ContextSpectra::draw(looped_task(kDimension, kContext, {}), options.effort.quick ? 500 : 5'000, 3);
  if (!spectra) return std::unexpected(spectra.error());
  Table table{
      .id = "looped-fig2",
      .title = "Loss after training, full model (d = 5, n = 20)",
      .columns = {"network", "loss", "best GD++", "published, about"},
      .rows = {},
      .notes = {"Loss: E (prediction - y)^2, the mean over 200,000 prompts. Best GD++: the optimum of that family "
                "for the same layers, shared or each its own. Published: where the curves of Fig. 2 level out."}};
  Panel panel{
      .title = "d = 5, n = 20, S = I", .x = {.label = "step"}, .y = {.label = "loss of the batch", .log = true}};
  Claim order{
      .text = fmt::format("Loops end where those of Fig. 2 do, within a factor of {0}, and layers of their own at most "
                          "{0} times as high",
                          kFactor),
      .holds = true,
      .detail = {}};
  Claim floor{.text = "Looped networks reach the best GD++ loop within 25% (L = 2, 5)", .holds = true, .detail = {}};
  std::map<std::pair<int, bool>, double> losses;
  const auto cells = looped_fig2_cells();
  for (std::size_t k = 0; k < cells.size(); ++k) {
    const Cell& cell = cells[k];
    const double published = looped_published_training()[k].loss;
    const GdOptimum best = best_gd(*spectra, cell.layers, {.curvature = true, .tied = cell.tied});
    const Trained* trained = archive.best(cell);
    if (trained == nullptr) continue;
    const Estimate& ours = trained->scores.loss.at("model");
    const double value = 2 * ours.mean;
    losses[{cell.layers, cell.tied}] = value;
    const std::string name = fmt::format("{}{}", cell.layers,
                                         cell.tied          ? " loops"
                                         : cell.layers == 1 ? " layer"
                                                            : " layers");
    table.rows.push_back({name, TableCell{.value = value, .se = 2 * ours.se},
                          TableCell{.value = 2 * best.loss.mean, .se = 2 * best.loss.se}, published});
    const bool near = value <= kFactor * published && (!cell.tied || value >= published / kFactor);
    order.holds = *order.holds && near;
    order.detail += fmt::format("{}{}: {:.2g} ({:.2g}){}", order.detail.empty() ? "" : "; ", name, value, published,
                                near ? "" : " (not)");
    if (cell.tied && cell.layers <= 5) {
      const double bound = 1.25 * 2 * best.loss.mean + 3 * 2 * std::hypot(ours.se, best.loss.se);
      floor.holds = *floor.holds && value <= bound;
      floor.detail +=
          fmt::format("{}{}: {:.3g} against {:.3g}", floor.detail.empty() ? "" : "; ", name, value, 2 * best.loss.mean);
    }
    auto points = training_curve(*trained, options);
    if (!points) return std::unexpected(points.error());
    for (Point& point : *points) point.y *= 2;
    panel.series.push_back({.name = name,
                            .role = Role::other,
                            .mark = cell.tied ? Mark::line : Mark::dashes,
                            .points = *std::move(points)});
  }
  result.tables.push_back(std::move(table));
  result.figures.push_back({.id = "looped-fig2",
                            .title = "Training of looped and of unlooped networks",
                            .caption = "Lines: one layer, looped. Dashes: as many layers of their own.",
                            .columns = 1,
                            .panels = {std::move(panel)}});
  result.claims.push_back(std::move(order));
  result.claims.push_back(std::move(floor));
  Claim share{.text = "The loss falls with L, looped or not, and L layers of their own are no worse than L loops",
              .holds = {},
              .detail = {}};
  if (losses.size() == cells.size()) {
    bool falls = true;
    for (const auto& [few, many] : {std::pair{2, 5}, {5, 10}}) {
      for (const bool tied : {false, true}) falls = falls && losses.at({many, tied}) < losses.at({few, tied});
    }
    for (const int layers : {2, 5, 10}) falls = falls && losses.at({layers, false}) <= losses.at({layers, true});
    share.holds = falls;
    share.detail = fmt::format("2: {:.3g} looped, {:.3g}; 5: {:.2g}, {:.2g}; 10: {:.2g}, {:.2g}", losses.at({2, true}),
                               losses.at({2, false}), losses.at({5, true}), losses.at({5, false}),
                               losses.at({10, true}), losses.at({10, false}));
  }
  result.claims.push_back(std::move(share));
  return {};
}

}  // namespace gramian
