#include "gramian/studies/draw.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace gramian {

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

Role role_of(Parametrisation kind) {
  switch (kind) {
    case Parametrisation::full:
      return Role::full;
    case Parametrisation::diag:
      return Role::diag;
    case Parametrisation::gdpp:
      return Role::gdpp;
    case Parametrisation::preconditioned:
      return Role::other;
  }
  return Role::other;
}

Point point(double x, const Estimate& estimate) {
  return {.x = x,
          .y = estimate.mean,
          .low = estimate.mean - 2 * estimate.se,
          .high = estimate.mean + 2 * estimate.se};
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

void add_claims(std::vector<Claim> claims, StudyResult& result) {
  for (Claim& claim : claims) result.claims.push_back(std::move(claim));
}

std::string text(const Estimate& estimate) {
  if (!std::isfinite(estimate.mean)) return "not finite";
  return fmt::format("{:.3g} +- {:.1g}", estimate.mean, estimate.se);
}

Spread spread(const std::vector<double>& values) {
  Spread spread;
  for (const double v : values) spread.mean += v / static_cast<double>(values.size());
  if (values.size() < 2) return spread;
  for (const double v : values) spread.deviation += (v - spread.mean) * (v - spread.mean);
  spread.deviation = std::sqrt(spread.deviation / static_cast<double>(values.size() - 1));
  return spread;
}

}  // namespace gramian
