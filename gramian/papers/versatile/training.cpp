// Training curves of the deepest networks, from metrics.jsonl.
#include "gramian/papers/versatile/draw.h"

namespace gramian::versatile {

namespace {

std::vector<Setting> training_settings() {
  return settings_of(main_problem(), kTableLayers, kTableLayers);
}

}  // namespace

std::vector<Cell> training_cells() { return cells_of(training_settings()); }

Status draw_training(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  Panel panel{.title = "sigma ~ U(0, 5), L = 7",
              .x = {.label = "share of the steps"},
              .y = {.label = "loss of the batch", .log = true}};
  for (const Setting& setting : training_settings()) {
    const Trained* trained = best(archive, setting);
    if (trained == nullptr) continue;
    auto points = GRAMIAN_TRY(training_curve(*trained, options));
    if (points.empty()) continue;  // computed, not trained
    for (Point& point : points) point.x /= static_cast<double>(trained->steps);
    panel.series.push_back({.name = std::string(title_of(setting.kind)),
                            .role = role_of(setting.kind),
                            .mark = Mark::line,
                            .points = std::move(points)});
  }
  result.figures.push_back(
      {.id = "training",
       .title = "Training curves",
       .caption =
           "Mean loss of single batches; a rare prompt on which a network explodes shows as a "
           "spike, of which the robust loss sees little. A network that was computed has no curve.",
       .columns = 1,
       .panels = {std::move(panel)}});
  return {};
}

}  // namespace gramian::versatile
