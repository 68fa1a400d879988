// newton-fig8: three layers beside three steps of each iteration, by condition number and noise.
#include <fmt/format.h>

#include "gramian/papers/newton/draw.h"
#include "gramian/papers/newton/studies.h"

namespace gramian::newton {

namespace {

constexpr int kLayers = 3;
constexpr double kKappas[] = {5, 10, 50, 100};
constexpr double kNoises[] = {0, 0.1};

std::vector<Setting> condition_settings() {
  std::vector<Setting> list;
  for (const double noise : kNoises) {
    for (const double kappa : kKappas)
      list.push_back({.layers = kLayers, .problem = {.kappa = kappa, .noise = noise}});
  }
  return list;
}

Table condition_table(const std::vector<ConditionNumbers>& problems) {
  Table table{.id = "newton-fig8",
              .title = "Squared error over d after three layers or steps",
              .columns = {"kappa", "sigma", "linear attention", "no step"},
              .rows = {},
              .notes = {"No step is X_0 = alpha A. Of networks means over seeds."}};
  if (problems.empty()) return table;
  for (const StepErrors& iteration : problems.front().iterations)
    table.columns.push_back(iteration.name);
  for (const ConditionNumbers& at : problems) {
    const Problem& problem = at.trained.setting.problem;
    auto& row = table.rows.emplace_back();
    row = {problem.kappa, problem.noise, cell_of_seeds(at.trained.seeds),
           TableCell{.value = at.iterations.front().steps.front().mean,
                     .se = at.iterations.front().steps.front().se}};
    for (const StepErrors& iteration : at.iterations) {
      const Estimate& error = iteration.steps.at(kLayers);
      row.emplace_back(cell_of(error));
    }
  }
  return table;
}

Panel condition_panel(const std::vector<ConditionNumbers>& problems, double noise) {
  Panel panel{.title = fmt::format("sigma = {}", noise),
              .x = {.label = "condition number", .log = true, .ticks = {5, 10, 50, 100}},
              .y = {.label = "squared error / d", .log = true}};
  Series network{.name = "linear attention, L = 3", .role = Role::full};
  std::vector<Series> iterations;
  for (const ConditionNumbers& at : problems) {
    const Problem& problem = at.trained.setting.problem;
    if (problem.noise != noise) continue;
    if (!at.trained.seeds.empty()) {
      const TableCell cell = cell_of_seeds(at.trained.seeds);
      network.points.push_back(point(problem.kappa, {*cell.value, cell.se.value_or(0)}));
    }
    for (std::size_t k = 0; k < at.iterations.size(); ++k) {
      if (iterations.size() <= k)
        iterations.push_back({.name = at.iterations[k].name, .role = kIterationRoles[k]});
      iterations[k].points.push_back(point(problem.kappa, at.iterations[k].steps.at(kLayers)));
    }
  }
  panel.series = std::move(iterations);
  panel.series.push_back(std::move(network));
  return panel;
}

}  // namespace

std::vector<Cell> condition_cells() { return cells_of(condition_settings()); }

Status draw_condition(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  std::vector<ConditionNumbers> problems;
  for (const Setting& setting : condition_settings()) {
    problems.push_back(
        {.trained = errors_of(archive, setting),
         .iterations = iteration_errors(task_of(setting.problem), kLayers, prompts_for(options))});
  }
  result.claims = condition_claims(problems);
  result.tables.push_back(condition_table(problems));
  Figure figure{.id = "newton-fig8",
                .title = "Three layers by condition number",
                .caption = "Bars are two standard errors. Networks are trained on each problem.",
                .columns = 2,
                .panels = {}};
  for (const double noise : kNoises) figure.panels.push_back(condition_panel(problems, noise));
  result.figures.push_back(std::move(figure));
  return {};
}

}  // namespace gramian::newton
