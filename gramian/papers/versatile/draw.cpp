#include "gramian/papers/versatile/draw.h"

namespace gramian::versatile {

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
    const Trained* trained = best(archive, {.kind = kind, .layers = layers, .problem = &problem});
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
