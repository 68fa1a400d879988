// electric-rewriting: what trained networks do layer by layer, and a drawn graph.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gramian/papers/electric/claims.h"
#include "gramian/papers/electric/studies.h"
#include "gramian/studies/draw.h"

namespace gramian::electric {

namespace {

constexpr GraphQuestion kRead[] = {GraphQuestion::potential, GraphQuestion::embedding};

Series by_layer(std::string name, Role role, const std::vector<double>& numbers, int first) {
  Series series{.name = std::move(name), .role = role};
  for (std::size_t l = 0; l < numbers.size(); ++l)
    series.points.push_back({.x = static_cast<double>(l) + first, .y = numbers[l]});
  return series;
}

// The algorithms on the same prompts.
struct ByLayer {
  const char* name;
  Role role;
  std::vector<double> errors;
};

std::vector<ByLayer> algorithms_by_layer(std::uint64_t prompts) {
  const int layers = Setting{}.layers;
  return {{"gradient descent", Role::constrr, descent_by_layer({}, layers, prompts)},
          {"Chebyshev", Role::adarr, chebyshev_by_layer({}, layers, prompts)},
          {"polar", Role::gdpp, polar_by_layer({}, layers, prompts)}};
}

Table condition_table(const std::vector<RewritingNumbers>& numbers) {
  Table table{.id = "electric-rewriting",
              .title = "Condition number of G by layer, five layers, circular skip links",
              .columns = {"what", "seed", "graph"},
              .rows = {},
              .notes = {"Geometric means over prompts. G after the last layer is read by nobody."}};
  for (int l = 1; l <= Setting{}.layers; ++l) table.columns.push_back(fmt::format("after {}", l));
  for (const RewritingNumbers& at : numbers) {
    auto& row = table.rows.emplace_back();
    row = {std::string(kGraphQuestions.word(at.setting.question)), static_cast<double>(at.seed)};
    for (const double kappa : at.condition) row.emplace_back(kappa);
  }
  return table;
}

Table error_table(const std::vector<RewritingNumbers>& numbers,
                  const std::vector<ByLayer>& algorithms) {
  Table table{.id = "electric-rewriting-errors",
              .title = "Mean loss of Phi after each layer",
              .columns = {"what", "seed"},
              .rows = {},
              .notes = {"Of algorithms each column is a run of so many layers, with the best steps "
                        "for the eigenvalues of each graph. Of trained networks layers before the "
                        "last were not trained to be read."}};
  for (int l = 1; l <= Setting{}.layers; ++l) table.columns.push_back(fmt::format("after {}", l));
  for (const RewritingNumbers& at : numbers) {
    auto& row = table.rows.emplace_back();
    row = {fmt::format("trained, {}", kGraphQuestions.word(at.setting.question)),
           static_cast<double>(at.seed)};
    for (const double error : at.errors) row.emplace_back(error);
  }
  for (const ByLayer& at : algorithms) {
    auto& row = table.rows.emplace_back();
    row = {std::string(at.name), std::string("-")};
    for (const double error : at.errors) row.emplace_back(error);
  }
  return table;
}

Figure rewriting_figure(const std::vector<RewritingNumbers>& numbers,
                        const std::vector<ByLayer>& algorithms,
                        const std::optional<DrawnGraph>& drawn) {
  Panel of_error{
      .title = "potential", .x = {.label = "layers"}, .y = {.label = "mean loss", .log = true}},
      of_condition{.title = "condition number of G",
                   .x = {.label = "layers"},
                   .y = {.label = "kappa", .log = true}};
  for (const RewritingNumbers& at : numbers) {
    if (at.seed != 0) continue;
    const bool potential = at.setting.question == GraphQuestion::potential;
    of_condition.series.push_back(
        by_layer(fmt::format("trained, {}", kGraphQuestions.word(at.setting.question)),
                 potential ? Role::full : Role::diag, at.condition, 0));
    if (potential)
      of_error.series.push_back(by_layer("trained, potential", Role::full, at.errors, 1));
  }
  for (const ByLayer& at : algorithms)
    of_error.series.push_back(by_layer(at.name, at.role, at.errors, 1));
  Figure figure{.id = "electric-rewriting",
                .title = "What a trained network does",
                .caption =
                    "Seed 0. The drawn graph: one unit enters at the top and leaves at the "
                    "bottom; colours are the potentials after each layer, scaled to the "
                    "norm of the exact ones.",
                .columns = 3,
                .panels = {std::move(of_error), std::move(of_condition)}};
  if (drawn) figure.panels.push_back({.title = "Potentials by layer", .graph = drawn});
  return figure;
}

}  // namespace

std::vector<Cell> rewriting_cells() {
  std::vector<Cell> cells;
  for (const GraphQuestion question : kRead) cells.push_back(Setting{.question = question}.cell());
  return cells;
}

Status draw_rewriting(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const std::uint64_t prompts = options.effort.quick ? 20 : 1'000;
  std::vector<RewritingNumbers> numbers;
  std::optional<DrawnGraph> drawn;
  for (const GraphQuestion question : kRead) {
    const Setting setting{.question = question};
    for (const Trained* trained : archive.seeds(setting.name())) {
      const auto run = load_graph_run(*trained, options);
      if (!run) return std::unexpected(run.error());
      numbers.push_back(measure_rewriting(run->network.efficient, setting, prompts));
      numbers.back().seed = trained->seed;
      if (!drawn) drawn = GRAMIAN_TRY(draw_potentials(run->network.efficient, setting));
    }
  }
  const std::vector<ByLayer> algorithms = algorithms_by_layer(prompts);
  result.claims = rewriting_claims(numbers, algorithms[1].errors);
  result.tables = {condition_table(numbers), error_table(numbers, algorithms)};
  result.figures.push_back(rewriting_figure(numbers, algorithms, drawn));
  return {};
}

}  // namespace gramian::electric
