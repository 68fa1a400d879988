// newton-fig3: predictions along one coordinate of the query.
#include <fmt/format.h>

#include "gramian/papers/newton/draw.h"
#include "gramian/papers/newton/studies.h"
#include "gramian/runs/transformer_file.h"

namespace gramian::newton {

namespace {

constexpr int kCoordinateLayers = 3;
constexpr Variant kCoordinateVariants[] = {Variant::plain, Variant::wide, Variant::biased,
                                           Variant::normed};

struct CoordinateNumbers {
  std::vector<BendNumbers> bends = {};
  std::vector<std::pair<Variant, AlongCoordinate>> first = {};  // of the first seed
};

Expected<CoordinateNumbers> measure_coordinate(const Archive& archive,
                                               const StudyOptions& options) {
  CoordinateNumbers numbers;
  for (const Variant variant : kCoordinateVariants) {
    const Setting setting{.variant = variant, .layers = kCoordinateLayers};
    BendNumbers& bend = numbers.bends.emplace_back(BendNumbers{.variant = variant});
    for (const Trained* trained : archive.seeds(setting.name())) {
      const auto network = GRAMIAN_TRY(load_transformer(
          fmt::format("{}/{}/model.safetensors", options.directory, trained->directory)));
      const auto along = along_coordinate(network, setting.problem, kCoordinateLayers);
      bend.inside.push_back(along.bend_inside);
      bend.outside.push_back(along.bend_outside);
      if (bend.inside.size() == 1) numbers.first.push_back({variant, along});
    }
  }
  return numbers;
}

Table coordinate_table(const CoordinateNumbers& numbers) {
  Table table{.id = "newton-fig3",
              .title = "How far predictions are from a line through 0 in the query",
              .columns = {"network, L = 3", "seed", "within the range", "up to four times it"},
              .rows = {},
              .notes = {fmt::format("For x_q = c e_1, |c| <= {0} and {0} < |c| <= {1}: the largest "
                                    "difference from the best line within the range, over the "
                                    "largest value of that line there.",
                                    kTrainedRange, 4 * kTrainedRange)}};
  for (const BendNumbers& at : numbers.bends) {
    for (std::size_t k = 0; k < at.inside.size(); ++k) {
      table.rows.push_back(
          {std::string(title_of(at.variant)), static_cast<double>(k), at.inside[k], at.outside[k]});
    }
  }
  return table;
}

Figure coordinate_figure(const CoordinateNumbers& numbers) {
  Panel panel{.title = "One context, kappa = 1",
              .x = {.label = "first coordinate of the query"},
              .y = {.label = "prediction"},
              .bands = {{-kTrainedRange, kTrainedRange, "99% of the inputs of training"}}};
  constexpr Role kRoles[] = {Role::full, Role::diag, Role::other, Role::gdpp};
  const auto line = [](std::string name, Role role, const std::vector<double>& c,
                       const std::vector<double>& y) {
    Series series{.name = std::move(name), .role = role};
    for (std::size_t k = 0; k < c.size(); ++k) series.points.push_back({.x = c[k], .y = y[k]});
    return series;
  };
  for (std::size_t k = 0; k < numbers.first.size(); ++k) {
    const auto& [variant, along] = numbers.first[k];
    panel.series.push_back(line(std::string(title_of(variant)), kRoles[k], along.c, along.network));
  }
  if (!numbers.first.empty()) {
    const AlongCoordinate& along = numbers.first.front().second;
    for (const auto& [order, values] : along.iterations) {
      panel.series.push_back(line(fmt::format("Newton, order {}, 3 steps", order),
                                  order == 2 ? Role::constrr : Role::adarr, along.c, values));
    }
    panel.series.push_back(line("target", Role::bayes, along.c, along.truth));
  }
  return {.id = "newton-fig3",
          .title = "Along one coordinate",
          .caption = "x_q = c e_1 on one context; the first seed of each network.",
          .panels = {std::move(panel)}};
}

}  // namespace

std::vector<Cell> coordinate_cells() {
  std::vector<Cell> cells;
  for (const Variant variant : kCoordinateVariants)
    cells.push_back(Setting{.variant = variant, .layers = kCoordinateLayers}.cell());
  return cells;
}

Status draw_coordinate(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto numbers = GRAMIAN_TRY(measure_coordinate(archive, options));
  result.claims = coordinate_claims(numbers.bends);
  result.tables.push_back(coordinate_table(numbers));
  result.figures.push_back(coordinate_figure(numbers));
  return {};
}

}  // namespace gramian::newton
