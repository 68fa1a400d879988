// looped-fig2: training curves of networks with one layer used L times, and with L layers.
#include <fmt/format.h>

#include "gramian/papers/looped/claims.h"
#include "gramian/papers/looped/published.h"
#include "gramian/papers/looped/setting.h"
#include "gramian/papers/looped/studies.h"
#include "gramian/theory/gd_family.h"

namespace gramian::looped {

namespace {

constexpr Problem kProblem{.d = 5, .n = 20};

Setting setting_of(const PublishedLevel& level) {
  return {.kind = Parametrisation::full,
          .layers = level.layers,
          .problem = kProblem,
          .tied = level.tied};
}

struct Fig2Numbers {
  FullNumbers full = {};
  std::vector<Point> training = {};
};

Expected<std::vector<Fig2Numbers>> measure_fig2(const Archive& archive,
                                                const StudyOptions& options) {
  const auto spectra = GRAMIAN_TRY(ContextSpectra::draw(task_of(kProblem.d, kProblem.n, {}),
                                                        options.effort.quick ? 500 : 5'000, 3));
  std::vector<Fig2Numbers> networks;
  for (const PublishedLevel& level : published_levels()) {
    const auto& [layers, tied, published] = level;
    const Trained* trained = archive.best(setting_of(level).name());
    if (trained == nullptr) continue;
    const GdOptimum best = best_gd(spectra, layers, {.curvature = true, .tied = tied});
    const Estimate& ours = trained->scores.loss.at("model");
    Fig2Numbers& one = networks.emplace_back();
    one.full = {.name = fmt::format("{}{}", layers,
                                    tied          ? " loops"
                                    : layers == 1 ? " layer"
                                                  : " layers"),
                .layers = layers,
                .tied = tied,
                .loss = {2 * ours.mean, 2 * ours.se},
                .best = {2 * best.loss.mean, 2 * best.loss.se},
                .published = published};
    one.training = GRAMIAN_TRY(training_curve(*trained, options));
    for (Point& point : one.training) point.y *= 2;
  }
  return networks;
}

Table table_of(const std::vector<Fig2Numbers>& networks) {
  Table table{.id = "looped-fig2",
              .title = "Loss after training, full model (d = 5, n = 20)",
              .columns = {"network", "loss", "best GD++", "published, about"},
              .rows = {},
              .notes = {"Loss: E (prediction - y)^2, the mean over 200,000 prompts. Best GD++: the "
                        "optimum of that family for the same layers, shared or each its own. "
                        "Published: where the curves of Fig. 2 level out."}};
  for (const auto& [full, training] : networks) {
    table.rows.push_back({full.name, cell_of(full.loss), cell_of(full.best), full.published});
  }
  return table;
}

Figure figure_of(const std::vector<Fig2Numbers>& networks) {
  Panel panel{.title = "d = 5, n = 20, S = I",
              .x = {.label = "step"},
              .y = {.label = "loss of the batch", .log = true}};
  for (const auto& [full, training] : networks) {
    panel.series.push_back({.name = full.name,
                            .role = Role::other,
                            .mark = full.tied ? Mark::line : Mark::dashes,
                            .points = training});
  }
  return {.id = "looped-fig2",
          .title = "Training of looped and of unlooped networks",
          .caption = "Lines: one layer, looped. Dashes: as many layers of their own.",
          .columns = 1,
          .panels = {std::move(panel)}};
}

}  // namespace

std::vector<Cell> fig2_cells() { return cells_of(published_levels(), setting_of); }

Status draw_fig2(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto networks = GRAMIAN_TRY(measure_fig2(archive, options));
  std::vector<FullNumbers> numbers;
  for (const Fig2Numbers& one : networks) numbers.push_back(one.full);
  result.tables = {table_of(networks), published_training(numbers, options.effort.quick)};
  result.figures.push_back(figure_of(networks));
  result.claims = full_training_claims(numbers);
  return {};
}

}  // namespace gramian::looped
