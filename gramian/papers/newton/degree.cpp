// newton-degree: powers of A by layers and steps, and the degree of Newton-Schulz that has the
// error of a trained network.
#include <fmt/format.h>

#include <algorithm>

#include "gramian/papers/newton/draw.h"
#include "gramian/papers/newton/studies.h"

namespace gramian::newton {

namespace {

constexpr int kDegreeSteps = 12;  // of Newton-Schulz, enough for the error of every network

std::vector<Setting> degree_settings() {
  std::vector<Setting> list;
  for (int layers = 1; layers <= kMostLayers; ++layers) list.push_back({.layers = layers});
  return list;
}

Table degree_table(const std::vector<DegreeNumbers>& networks) {
  Table table{.id = "newton-degree",
              .title = "Powers of A by layers or steps",
              .columns = {"layers or steps", "order 2", "order 3", "most of attention",
                          "trained, equivalent"},
              .rows = {},
              .notes = {"Order o has 2 o^t - 1 after t steps, attention at most 3^L. Equivalent: "
                        "the degree at which Newton-Schulz has the error of the best seed, kappa = "
                        "1, between steps by the logarithms of both."}};
  for (const DegreeNumbers& at : networks) {
    table.rows.push_back({static_cast<double>(at.layers), degree_of_iterate(2, at.layers),
                          degree_of_iterate(3, at.layers), degree_of_attention(at.layers),
                          TableCell{.value = at.equivalent}});
  }
  return table;
}

Figure degree_figure(const std::vector<DegreeNumbers>& networks) {
  Panel panel{.title = "kappa = 1",
              .x = {.label = "layers or steps"},
              .y = {.label = "power of A", .log = true}};
  panel.series = {{.name = "Newton-Schulz, 2^(t+1) - 1", .role = Role::constrr},
                  {.name = "order 3, 2 3^t - 1", .role = Role::adarr},
                  {.name = "attention, at most 3^L", .role = Role::bayes},
                  {.name = "trained, equivalent", .role = Role::full, .mark = Mark::points}};
  for (int k = 1; k <= kMostLayers; ++k) {
    panel.series[0].points.push_back({.x = static_cast<double>(k), .y = degree_of_iterate(2, k)});
    panel.series[1].points.push_back({.x = static_cast<double>(k), .y = degree_of_iterate(3, k)});
    panel.series[2].points.push_back({.x = static_cast<double>(k), .y = degree_of_attention(k)});
  }
  for (const DegreeNumbers& at : networks)
    panel.series[3].points.push_back({.x = static_cast<double>(at.layers), .y = at.equivalent});
  return {.id = "newton-degree",
          .title = "The degree argument",
          .caption = "Equivalent: the degree of Newton-Schulz that has the error of the network.",
          .panels = {std::move(panel)}};
}

}  // namespace

std::vector<Cell> degree_cells() { return cells_of(degree_settings()); }

Status draw_degree(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto iterations = iteration_errors(task_of({}), kDegreeSteps, prompts_for(options));
  std::vector<DegreeNumbers> networks;
  for (const Setting& setting : degree_settings()) {
    const TrainedErrors errors = errors_of(archive, setting);
    if (errors.seeds.empty()) continue;
    const auto best = std::ranges::min_element(errors.seeds, {}, &Estimate::mean);
    networks.push_back({setting.layers, equivalent_degree(iterations.front(), best->mean)});
  }
  result.claims = degree_claims(networks);
  result.tables.push_back(degree_table(networks));
  result.figures.push_back(degree_figure(networks));
  return {};
}

}  // namespace gramian::newton
