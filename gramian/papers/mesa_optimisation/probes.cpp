// mesa-probes: what tokens hold after each layer.
#include <fmt/format.h>

#include "gramian/papers/mesa_optimisation/draw.h"
#include "gramian/papers/mesa_optimisation/studies.h"

namespace gramian::mesa_optimisation {

namespace {

std::uint64_t probe_prompts(const StudyOptions& options) {
  return options.effort.quick ? 256 : 2048;
}

Figure probe_figure(const std::vector<LayerProbes>& networks) {
  constexpr Role kRoles[] = {Role::full, Role::diag, Role::gdpp, Role::adarr, Role::tunedrr};
  Panel next{.title = "Next observation", .x = {.label = "after layer"}, .y = {.label = "R^2"}};
  Panel inverse{
      .title = "Preconditioned observation", .x = {.label = "after layer"}, .y = {.label = "R^2"}};
  for (std::size_t k = 0; k < networks.size(); ++k) {
    const LayerProbes& at = networks[k];
    const auto line = [&](const std::vector<double>& values) {
      Series series{.name = fmt::format("L = {}", at.layers), .role = kRoles[k]};
      for (std::size_t l = 0; l < values.size(); ++l)
        series.points.push_back({.x = static_cast<double>(l), .y = values[l]});
      return series;
    };
    next.series.push_back(line(at.probes.next));
    inverse.series.push_back(line(at.probes.inverse));
  }
  return {.id = "mesa-probes",
          .title = "Linear probes by layer",
          .caption =
              "The best seed of each depth. A least-squares fit for each position above d, on "
              "half of the prompts, judged on the other half.",
          .columns = 2,
          .panels = {std::move(next), std::move(inverse)}};
}

Table probe_table(const std::vector<LayerProbes>& networks) {
  Table table{.id = "mesa-probes",
              .title = "R^2 of linear probes after each layer",
              .columns = {"layers", "probe"},
              .rows = {},
              .notes = {"After layer 0: of the tokens as they come in."}};
  for (int l = 0; l <= kDepths[std::size(kDepths) - 1]; ++l)
    table.columns.push_back(fmt::format("{}", l));
  for (const LayerProbes& at : networks) {
    const auto add = [&](const std::vector<double>& values, const char* what) {
      auto& row = table.rows.emplace_back();
      row.emplace_back(static_cast<double>(at.layers));
      row.emplace_back(std::string(what));
      for (const double value : values) row.emplace_back(value);
      while (row.size() < table.columns.size()) row.emplace_back(std::string("-"));
    };
    add(at.probes.next, "next observation");
    add(at.probes.inverse, "preconditioned observation");
  }
  return table;
}

}  // namespace

std::vector<Cell> probe_cells() { return depth_cells(); }

Status draw_probes(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  std::vector<LayerProbes> networks;
  for (const int layers : kDepths) {
    const Setting setting{.layers = layers};
    const Trained* best = archive.best(setting.name());
    if (best == nullptr) continue;
    const auto run = GRAMIAN_TRY(load_token_run(*best, options));
    const auto probes = GRAMIAN_TRY(
        measure_probes(setting.task(), run.transformer, probe_prompts(options), kProbeRidge));
    networks.push_back({layers, probes});
  }
  result.claims = probe_claims(networks);
  result.tables.push_back(probe_table(networks));
  result.figures.push_back(probe_figure(networks));
  return {};
}

}  // namespace gramian::mesa_optimisation
