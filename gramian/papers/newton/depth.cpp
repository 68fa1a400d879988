// newton-fig2: the error of trained linear attention by layer, beside hyperpower iterations.
#include <fmt/format.h>

#include <algorithm>

#include "gramian/papers/newton/draw.h"
#include "gramian/papers/newton/published.h"
#include "gramian/papers/newton/studies.h"

namespace gramian::newton {

namespace {

constexpr int kSteps = 6;  // of the iterations
constexpr Variant kVariants[] = {Variant::plain, Variant::wide, Variant::biased, Variant::normed};

std::vector<Setting> depth_settings() {
  std::vector<Setting> list;
  for (const Variant variant : kVariants) {
    for (int layers = 1; layers <= kMostLayers; ++layers)
      list.push_back({.variant = variant, .layers = layers});
  }
  return list;
}

Table depth_table(const std::vector<TrainedErrors>& networks,
                  const std::vector<StepErrors>& iterations,
                  const std::vector<StepErrors>& higher) {
  Table table{.id = "newton-fig2",
              .title = "Squared error over d, kappa = 1, by layers or steps",
              .columns = {"what"},
              .rows = {},
              .notes = {"Of networks means over seeds. An iteration of t steps begins at X_0 = "
                        "alpha A, with the best alpha of each prompt."}};
  for (int k = 0; k <= kSteps; ++k) table.columns.push_back(fmt::format("{}", k));
  for (const Variant variant : kVariants) {
    auto& row = table.rows.emplace_back();
    row.emplace_back(std::string(title_of(variant)));
    row.emplace_back(std::string("-"));
    for (int k = 1; k <= kSteps; ++k) {
      const auto found = std::ranges::find_if(networks, [&](const TrainedErrors& at) {
        return at.setting.variant == variant && at.setting.layers == k;
      });
      if (found == networks.end()) {
        row.emplace_back(std::string("-"));
      } else {
        row.emplace_back(cell_of_seeds(found->seeds));
      }
    }
  }
  const auto add = [&](const StepErrors& iteration) {
    auto& row = table.rows.emplace_back();
    row.emplace_back(iteration.name);
    for (const Estimate& error : iteration.steps) row.emplace_back(cell_of(error));
  };
  std::ranges::for_each(iterations, add);
  std::ranges::for_each(higher, add);
  return table;
}

// As the publication draws networks with a norm: beside orders 4, 6, 8 and 10.
Panel norm_panel(const std::vector<TrainedErrors>& networks,
                 const std::vector<StepErrors>& iterations, const std::vector<StepErrors>& higher) {
  Panel panel{.title = "kappa = 1, with layer norm",
              .x = {.label = "layers or steps"},
              .y = {.label = "squared error / d", .log = true}};
  std::size_t role = 0;
  for (const auto* list : {&iterations, &higher}) {
    for (const StepErrors& iteration : *list) {
      if (iteration.order < 4 || iteration.order % 2 != 0) continue;
      panel.series.push_back(series_of(iteration, kIterationRoles[role++]));
    }
  }
  std::vector<TrainedErrors> normed;
  for (const TrainedErrors& at : networks) {
    if (at.setting.variant == Variant::normed) normed.push_back(at);
  }
  panel.series.push_back(series_of(normed, std::string(title_of(Variant::normed)), Role::gdpp));
  return panel;
}

Figure depth_figure(const std::vector<TrainedErrors>& networks,
                    const std::vector<StepErrors>& iterations,
                    const std::vector<StepErrors>& higher) {
  Panel panel{.title = "kappa = 1",
              .x = {.label = "layers or steps"},
              .y = {.label = "squared error / d", .log = true}};
  for (std::size_t k = 0; k < iterations.size(); ++k)
    panel.series.push_back(series_of(iterations[k], kIterationRoles[k]));
  constexpr Role kRoles[] = {Role::full, Role::diag, Role::other, Role::gdpp};
  for (std::size_t v = 0; v < std::size(kVariants); ++v) {
    std::vector<TrainedErrors> of_variant;
    for (const TrainedErrors& at : networks) {
      if (at.setting.variant == kVariants[v]) of_variant.push_back(at);
    }
    panel.series.push_back(series_of(of_variant, std::string(title_of(kVariants[v])), kRoles[v]));
  }
  return {.id = "newton-fig2",
          .title = "Error by layer",
          .caption = "Bars are two standard errors.",
          .columns = 2,
          .panels = {std::move(panel), norm_panel(networks, iterations, higher)}};
}

}  // namespace

std::vector<Cell> depth_cells() { return cells_of(depth_settings()); }

Status draw_depth(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  std::vector<TrainedErrors> networks;
  for (const Setting& setting : depth_settings()) networks.push_back(errors_of(archive, setting));
  const auto iterations = iteration_errors(task_of({}), kSteps, prompts_for(options));
  const auto higher = hyperpower_errors(task_of({}), kHigherOrders, kSteps, prompts_for(options));
  result.claims = depth_claims(networks, iterations);
  result.tables = {depth_table(networks, iterations, higher),
                   published_iterations(options.effort.quick ? 500 : 4'000)};
  result.figures.push_back(depth_figure(networks, iterations, higher));
  return {};
}

}  // namespace gramian::newton
