// looped-fig2: training curves of networks with one layer used L times, and with L layers.
#include <fmt/format.h>

#include "gramian/papers/looped/claims.h"
#include "gramian/papers/looped/published.h"
#include "gramian/papers/looped/setting.h"
#include "gramian/papers/looped/studies.h"
#include "gramian/theory/gd_family.h"

namespace gramian::looped {

namespace {

constexpr int kDimension = 5, kContext = 20;

const LoopedProblem& full_problem() { return problem_of(kDimension, kContext, 1); }

}  // namespace

std::vector<Cell> fig2_cells() {
  std::vector<Cell> cells;
  for (const PublishedLevel& p : published_levels()) {
    cells.push_back({.kind = Parametrisation::full,
                     .layers = p.layers,
                     .problem = &full_problem().problem,
                     .tied = p.tied});
  }
  return cells;
}

Status draw_fig2(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto spectra = GRAMIAN_TRY(ContextSpectra::draw(task_of(kDimension, kContext, {}),
                                                        options.effort.quick ? 500 : 5'000, 3));
  Table table{.id = "looped-fig2",
              .title = "Loss after training, full model (d = 5, n = 20)",
              .columns = {"network", "loss", "best GD++", "published, about"},
              .rows = {},
              .notes = {"Loss: E (prediction - y)^2, the mean over 200,000 prompts. Best GD++: the "
                        "optimum of that family "
                        "for the same layers, shared or each its own. Published: where the curves "
                        "of Fig. 2 level out."}};
  Panel panel{.title = "d = 5, n = 20, S = I",
              .x = {.label = "step"},
              .y = {.label = "loss of the batch", .log = true}};
  std::vector<FullNumbers> numbers;
  const auto cells = fig2_cells();
  for (std::size_t k = 0; k < cells.size(); ++k) {
    const Cell& cell = cells[k];
    const double published = published_levels()[k].loss;
    const GdOptimum best = best_gd(spectra, cell.layers, {.curvature = true, .tied = cell.tied});
    const Trained* trained = archive.best(cell);
    if (trained == nullptr) continue;
    const Estimate& ours = trained->scores.loss.at("model");
    const double value = 2 * ours.mean;
    const std::string name = fmt::format("{}{}", cell.layers,
                                         cell.tied          ? " loops"
                                         : cell.layers == 1 ? " layer"
                                                            : " layers");
    table.rows.push_back({name, TableCell{.value = value, .se = 2 * ours.se},
                          TableCell{.value = 2 * best.loss.mean, .se = 2 * best.loss.se},
                          published});
    numbers.push_back({.name = name,
                       .layers = cell.layers,
                       .tied = cell.tied,
                       .loss = {value, 2 * ours.se},
                       .best = {2 * best.loss.mean, 2 * best.loss.se},
                       .published = published});
    auto points = GRAMIAN_TRY(training_curve(*trained, options));
    for (Point& point : points) point.y *= 2;
    panel.series.push_back({.name = name,
                            .role = Role::other,
                            .mark = cell.tied ? Mark::line : Mark::dashes,
                            .points = std::move(points)});
  }
  result.tables.push_back(std::move(table));
  result.figures.push_back(
      {.id = "looped-fig2",
       .title = "Training of looped and of unlooped networks",
       .caption = "Lines: one layer, looped. Dashes: as many layers of their own.",
       .columns = 1,
       .panels = {std::move(panel)}});
  add_claims(full_training_claims(numbers), result);
  result.tables.push_back(published_training(numbers, options.effort.quick));
  return {};
}

}  // namespace gramian::looped
