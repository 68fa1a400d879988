// Fig. 4: the weights of the four-layer FULL network trained on {1, 3}.
#include <fmt/format.h>

#include <cmath>

#include "gramian/papers/versatile/draw.h"
#include "gramian/runs/model_file.h"

namespace gramian::versatile {

namespace {

constexpr int kLayers = 4;

Heatmap heatmap(const std::vector<double>& matrix, std::size_t rows, double factor) {
  Heatmap map;
  for (std::size_t i = 0; i < rows; ++i) {
    map.rows.push_back(i + 1 < rows ? fmt::format("x{}", i + 1) : "y");
    auto& row = map.values.emplace_back();
    for (std::size_t j = 0; j < rows; ++j) row.push_back(factor * matrix[i * rows + j]);
  }
  map.columns = map.rows;
  return map;
}

double norm(const std::vector<double>& matrix) {
  double sum = 0;
  for (const double v : matrix) sum += v * v;
  return std::sqrt(sum);
}

Setting fig4_setting() {
  return {.kind = Parametrisation::full,
          .layers = kLayers,
          .problem = &problem_named("categorical-13")};
}

}  // namespace

std::vector<Cell> fig4_cells() { return {fig4_setting().cell()}; }

Status draw_fig4(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const Trained* trained = best(archive, fig4_setting());
  if (trained == nullptr) return {};
  const auto network = GRAMIAN_TRY(
      load_model(fmt::format("{}/{}/model.safetensors", options.directory, trained->directory)));
  const std::size_t rows = network.spec.rows();
  Figure figure{.id = "fig4",
                .title = "Weights of the four-layer FULL network trained on sigma in {1, 3}",
                .caption =
                    "Q above, P below, from the first layer to the last, for G / n. A layer "
                    "depends on the product of both alone, up to a factor: P and Q are scaled to "
                    "one norm, and Q to a positive sum of its diagonal.",
                .columns = kLayers,
                .panels = {}};
  std::vector<Panel> below;
  double diagonal = 0, all = 0, used = 0, used_all = 0;
  for (int l = 0; l < kLayers; ++l) {
    const LayerWeights weights = network.expanded(l);
    const double p_norm = norm(weights.p), q_norm = norm(weights.q);
    double trace = 0;
    for (std::size_t i = 0; i < rows; ++i) trace += weights.q[i * rows + i];
    const double factor = std::sqrt(p_norm / q_norm) * (trace < 0 ? -1 : 1);
    figure.panels.push_back(
        {.title = fmt::format("Q, layer {}", l + 1), .heatmap = heatmap(weights.q, rows, factor)});
    below.push_back({.title = fmt::format("P, layer {}", l + 1),
                     .heatmap = heatmap(weights.p, rows, 1 / factor)});
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < rows; ++j) {
        const double q = weights.q[i * rows + j] * weights.q[i * rows + j] * factor * factor;
        const double p = weights.p[i * rows + j] * weights.p[i * rows + j] / (factor * factor);
        if (i == j) diagonal += p + q;
        all += p + q;
        // Of the last layer only the row of y of P is read: the others keep what they began with.
        const double read = q + (l < kLayers - 1 || i == rows - 1 ? p : 0);
        used_all += read;
        if (i == j) used += read;
      }
    }
  }
  for (Panel& panel : below) figure.panels.push_back(std::move(panel));
  result.figures.push_back(std::move(figure));
  result.claims.push_back(
      {.text = "The weights are diagonal-heavy: at least 80% of their energy is on the diagonal",
       .holds = used >= 0.8 * used_all,
       .detail = fmt::format("{:.1f}% of the energy that is read, {:.1f}% of all",
                             100 * used / used_all, 100 * diagonal / all)});
  return {};
}

}  // namespace gramian::versatile
