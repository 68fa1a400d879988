// Training curves of the deepest networks, from metrics.jsonl.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "gramian/io/files.h"
#include "gramian/studies/draw.h"

namespace gramian {

std::vector<Cell> training_cells() { return cells_of(main_problem(), kTableLayers, kTableLayers); }

Status draw_training(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  Panel panel{.title = "sigma ~ U(0, 5), L = 7",
              .x = {.label = "share of the steps"},
              .y = {.label = "loss of the batch", .log = true}};
  for (const Cell& cell : training_cells()) {
    const Trained* trained = archive.best(cell);
    if (trained == nullptr) continue;
    const auto text = read_file(fmt::format("{}/{}/metrics.jsonl", options.directory, trained->directory));
    if (!text) return std::unexpected(text.error());
    Series series{.name = std::string(title_of(cell.kind)), .role = role_of(cell.kind), .mark = Mark::line};
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
      const auto json = nlohmann::json::parse(line, nullptr, false);
      if (json.is_discarded() || !json.contains("step") || !json["loss"].is_number()) continue;
      series.points.push_back({.x = json["step"].get<double>() / static_cast<double>(trained->steps),
                               .y = json["loss"].get<double>(),
                               .note = fmt::format("step {}", json["step"].get<std::int64_t>())});
    }
    panel.series.push_back(std::move(series));
  }
  result.figures.push_back({.id = "training",
                            .title = "Training curves",
                            .caption =
                                "Mean loss of single batches; a rare prompt on which a network explodes shows as a "
                                "spike, of which the robust loss sees little.",
                            .columns = 1,
                            .panels = {std::move(panel)}});
  return {};
}

}  // namespace gramian
