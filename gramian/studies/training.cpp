// Training curves of the deepest networks, from metrics.jsonl.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "gramian/io/config.h"
#include "gramian/io/files.h"
#include "gramian/runs/model_file.h"
#include "gramian/runs/run_directory.h"
#include "gramian/runs/train_run.h"
#include "gramian/studies/draw.h"

namespace gramian {

std::vector<Cell> training_cells() { return cells_of(main_problem(), kTableLayers, kTableLayers); }

Expected<std::vector<Point>> training_curve(const Trained& trained, const StudyOptions& options) {
  const auto text = GRAMIAN_TRY(
      read_file(fmt::format("{}/{}/metrics.jsonl", options.directory, trained.directory)));
  std::vector<Point> points;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_discarded() || !json.contains("step") || !json["loss"].is_number()) continue;
    points.push_back({.x = json["step"].get<double>(),
                      .y = json["loss"].get<double>(),
                      .note = fmt::format("step {}", json["step"].get<std::int64_t>())});
  }
  return points;
}

Expected<std::vector<NetworkSnapshot>> load_snapshots(const Trained& trained,
                                                      const StudyOptions& options) {
  const auto directory =
      GRAMIAN_TRY(RunDirectory::open(fmt::format("{}/{}", options.directory, trained.directory)));
  const auto config = GRAMIAN_TRY(Config::load(directory.config()));
  std::vector<NetworkSnapshot> list;
  const auto count = static_cast<int>(config.integer("train.snapshots"));
  for (const std::int64_t step : snapshot_steps(config.integer("train.steps"), count)) {
    auto network = GRAMIAN_TRY(load_model(directory.snapshot(step)));
    list.push_back({step, std::move(network)});
  }
  return list;
}

Status draw_training(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  Panel panel{.title = "sigma ~ U(0, 5), L = 7",
              .x = {.label = "share of the steps"},
              .y = {.label = "loss of the batch", .log = true}};
  for (const Cell& cell : training_cells()) {
    const Trained* trained = archive.best(cell);
    if (trained == nullptr) continue;
    auto points = GRAMIAN_TRY(training_curve(*trained, options));
    if (points.empty()) continue;  // computed, not trained
    for (Point& point : points) point.x /= static_cast<double>(trained->steps);
    panel.series.push_back({.name = std::string(title_of(cell.kind)),
                            .role = role_of(cell.kind),
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

}  // namespace gramian
