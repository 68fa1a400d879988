#include "gramian/papers/mesa_optimisation/draw.h"

#include <fmt/format.h>

#include "gramian/evaluation/sequence_baselines.h"

namespace gramian::mesa_optimisation {

std::vector<Estimate> losses_of(const Archive& archive, const std::string& cell) {
  std::vector<Estimate> losses;
  for (const Trained* trained : archive.seeds(cell))
    losses.push_back(trained->scores.loss.at("model"));
  return losses;
}

std::vector<Estimate> losses_of(const Archive& archive, const std::vector<Cell>& cells) {
  std::vector<Estimate> all;
  for (const Cell& cell : cells) {
    const auto losses = losses_of(archive, cell.name);
    all.insert(all.end(), losses.begin(), losses.end());
  }
  return all;
}

BaselineLosses baselines_of(const Archive& archive, const Setting& setting) {
  const Trained* best = archive.best(setting.name());
  return best == nullptr ? BaselineLosses{} : best->scores.loss;
}

Expected<std::vector<OneLayerNumbers>> one_layer_numbers(const Archive& archive,
                                                         const Setting& setting,
                                                         const StudyOptions& options) {
  std::vector<OneLayerNumbers> list;
  const auto seeds = GRAMIAN_TRY(load_token_seeds(archive, setting.cell().name, options));
  if (seeds.empty()) return list;
  ThreadPool pool(1);
  const double best_step =
      SequenceBaselines::tune(setting.task(), prompts_for(options), kEvaluationSeed, pool).step();
  for (const TokenSeed& seed : seeds) {
    const auto& losses = seed.trained->scores.loss;
    list.push_back({.loss = losses.at("model"),
                    .descent = losses.at("descent"),
                    .best_step = best_step,
                    .weights = measure_one_layer(seed.run.transformer, setting.d)});
  }
  return list;
}

Series series_of(const std::vector<Estimate>& numbers, int first, std::string name, Role role) {
  Series series{.name = std::move(name), .role = role};
  for (std::size_t k = 0; k < numbers.size(); ++k)
    series.points.push_back(point(first + static_cast<double>(k), numbers[k]));
  return series;
}

Series by_position(const Archive& archive, const std::string& cell, const std::string& which,
                   std::string name, Role role) {
  std::vector<Estimate> positions;
  if (const Trained* best = archive.best(cell)) {
    const auto found = best->scores.positions.find(which);
    if (found != best->scores.positions.end()) positions = found->second;
  }
  return series_of(positions, 1, std::move(name), role);
}

Panel map_panel(const RowMajorMatrix& matrix, std::string title, std::string rows,
                std::string columns) {
  Heatmap map;
  const double largest = matrix.cwiseAbs().maxCoeff();
  for (Eigen::Index r = 0; r < matrix.rows(); ++r) {
    map.rows.push_back(fmt::format("{}", r + 1));
    auto& row = map.values.emplace_back();
    for (Eigen::Index c = 0; c < matrix.cols(); ++c)
      row.push_back(largest > 0 ? matrix(r, c) / largest : 0);
  }
  for (Eigen::Index c = 0; c < matrix.cols(); ++c) map.columns.push_back(fmt::format("{}", c + 1));
  return {.title = std::move(title),
          .x = {.label = std::move(columns)},
          .y = {.label = std::move(rows)},
          .heatmap = std::move(map)};
}

Expected<std::vector<Panel>> attention_panels(const TokenTask& task, const Transformer& network,
                                              int layer, const std::string& title,
                                              const StudyOptions& options) {
  const auto maps =
      GRAMIAN_TRY(attention_maps(task, network, layer, options.effort.quick ? 32 : 512));
  std::vector<Panel> panels;
  for (std::size_t h = 0; h < maps.size(); ++h)
    panels.push_back(map_panel(maps[h], fmt::format("{}, head {}", title, h + 1), "query", "key"));
  return panels;
}

std::uint64_t prompts_for(const StudyOptions& options) { return options.effort.quick ? 256 : 4096; }

}  // namespace gramian::mesa_optimisation
