// electric-eigenvectors: eigenvectors of the four largest eigenvalues, from a random start.
#include <fmt/format.h>

#include <cmath>

#include "gramian/papers/electric/claims.h"
#include "gramian/papers/electric/studies.h"
#include "gramian/studies/draw.h"

namespace gramian::electric {

namespace {

std::vector<Setting> eigenvector_settings() {
  std::vector<Setting> list;
  for (const int layers : kDepths)
    list.push_back({.question = GraphQuestion::eigenvectors, .layers = layers});
  return list;
}

}  // namespace

std::vector<Cell> eigenvector_cells() {
  std::vector<Cell> cells;
  for (const Setting& setting : eigenvector_settings()) cells.push_back(setting.cell());
  return cells;
}

Status draw_eigenvectors(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  std::vector<SettingErrors> networks;
  for (const Setting& setting : eigenvector_settings())
    networks.push_back(errors_of(archive, setting));
  Table table{.id = "electric-eigenvectors",
              .title = "Loss of four eigenvectors, sum over vectors of min |+- phi - u|^2",
              .columns = {"what", "layers", "loss"},
              .rows = {},
              .notes = {"From a random start of each prompt; the publication has all ten "
                        "eigenvectors and learns the start, and prints 1.9 with nine layers after "
                        "10,000 iterations, from 13.3. Subspace iteration: as many whole sweeps of "
                        "four layers as there are layers for, at least one."}};
  Panel panel{.title = "four eigenvectors",
              .x = {.label = "layers"},
              .y = {.label = "mean loss", .log = true}};
  Series series{.name = "efficient form, skip links", .role = Role::diag};
  for (const SettingErrors& at : networks) {
    if (at.seeds.empty()) continue;
    const double mean = std::exp(at.mean_log()), bar = 2 * at.error_of_log();
    table.rows.push_back({std::string("efficient form, csl"),
                          static_cast<double>(at.setting.layers),
                          TableCell{.value = mean, .se = mean * at.error_of_log()}});
    series.points.push_back({.x = static_cast<double>(at.setting.layers),
                             .y = mean,
                             .low = mean * std::exp(-bar),
                             .high = mean * std::exp(bar)});
  }
  Series sweeps{.name = "subspace iteration, skip links", .role = Role::constrr};
  for (const int layers : {4, 8, 20, 40, 80}) {
    const Estimate error = subspace_error(Setting{.question = GraphQuestion::eigenvectors}.task(),
                                          layers, options.effort.quick ? 50 : 1'000);
    table.rows.push_back({std::string("subspace iteration, csl"), static_cast<double>(layers),
                          TableCell{.value = error.mean, .se = error.se}});
    if (layers <= 20) sweeps.points.push_back(point(layers, error));
  }
  panel.series.push_back(std::move(series));
  panel.series.push_back(std::move(sweeps));
  result.claims = eigenvector_claims(networks);
  result.tables = {std::move(table)};
  result.figures.push_back({.id = "electric-eigenvectors",
                            .title = "Eigenvectors",
                            .caption = "Bars are two standard errors.",
                            .panels = {std::move(panel)}});
  return {};
}

}  // namespace gramian::electric
