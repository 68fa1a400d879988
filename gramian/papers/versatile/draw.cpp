#include "gramian/papers/versatile/draw.h"

#include <algorithm>
#include <cstdlib>

namespace gramian::versatile {

const Problem& problem_named(std::string_view id) {
  const auto found = std::ranges::find(problems(), id, &Problem::id);
  if (found == problems().end()) std::abort();
  return *found;
}

const Problem& main_problem() { return problem_named("uniform-5"); }

std::vector<Cell> cells_of(const Problem& problem, int first_layer, int last_layer) {
  std::vector<Cell> cells;
  for (int layers = first_layer; layers <= last_layer; ++layers) {
    for (const Parametrisation kind : kKinds)
      cells.push_back({.kind = kind, .layers = layers, .problem = &problem});
  }
  return cells;
}

std::vector<Cell> table_cells(bool uniform) {
  std::vector<Cell> cells;
  for (const Problem& problem : problems()) {
    if (problem.uniform() != uniform) continue;
    for (const Cell& cell : cells_of(problem, 1, kTableLayers)) cells.push_back(cell);
  }
  return cells;
}

namespace {

// The adjusted loss of "model" or a solver against sigma.
Series profile_series(std::string name, Role role, const Scores& scores, const std::string& key) {
  Series series{.name = std::move(name),
                .role = role,
                .mark = role == Role::bayes ? Mark::dashes : Mark::line};
  for (const ProfileScores& at : scores.profile) {
    const auto found = at.adjusted.find(key);
    if (found != at.adjusted.end()) series.points.push_back(point(at.sigma, found->second));
  }
  return series;
}

}  // namespace

Panel profile_panel(const Archive& archive, const Problem& problem, int layers, std::string title) {
  Panel panel{.title = std::move(title), .x = {.label = "sigma"}, .y = {.label = "adjusted loss"}};
  if (problem.uniform()) {
    panel.bands.push_back({0, problem.max, "trained on"});
  } else {
    const double width = 0.04;  // the levels are points; a band must be seen
    for (double level = 1; level <= problem.max; level += 2) {
      panel.bands.push_back({level - width, level + width, "trained on"});
    }
  }
  const Trained* any = nullptr;
  for (const Parametrisation kind : kKinds) {
    const Trained* trained = archive.best({.kind = kind, .layers = layers, .problem = &problem});
    if (trained == nullptr) continue;
    any = trained;
    panel.series.push_back(
        profile_series(std::string(title_of(kind)), role_of(kind), trained->scores, "model"));
  }
  if (any != nullptr) {
    for (const SolverLine& solver : kSolverLines) {
      panel.series.push_back(profile_series(solver.title, solver.role, any->scores, solver.name));
    }
  }
  return panel;
}

}  // namespace gramian::versatile
