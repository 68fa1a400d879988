// Figs. 2 and 3: adjusted loss against the noise level of the prompt. Fig. 6: the loss itself.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "gramian/papers/versatile/claims.h"
#include "gramian/papers/versatile/draw.h"

namespace gramian::versatile {

namespace {

// Networks of all kinds and solvers at the levels in [0, 5], on the main problem.
ProfileNumbers profile_numbers(const Archive& archive, int layers) {
  const auto of = [&](Parametrisation kind) {
    return best(archive, {.kind = kind, .layers = layers, .problem = &main_problem()});
  };
  const Trained *full = of(Parametrisation::full), *diag = of(Parametrisation::diag),
                *gdpp = of(Parametrisation::gdpp);
  ProfileNumbers numbers{.layers = layers};
  if (full == nullptr || diag == nullptr || gdpp == nullptr) return numbers;
  for (std::size_t k = 0; k < full->scores.profile.size(); ++k) {
    const auto& at = full->scores.profile[k];
    if (at.sigma > main_problem().max + 1e-9) continue;
    numbers.levels.push_back({.sigma = at.sigma,
                              .full = at.adjusted.at("model"),
                              .diag = diag->scores.profile.at(k).adjusted.at("model"),
                              .gdpp = gdpp->scores.profile.at(k).adjusted.at("model"),
                              .constrr = at.adjusted.at("constrr"),
                              .adarr = at.adjusted.at("adarr")});
  }
  return numbers;
}

// The mean of the profile of a network over levels in [low, high]. The prompts of two levels are
// the same but for their noise, so that their errors are added as if they were one.
Estimate mean_over(const Trained* trained, double low, double high) {
  Estimate sum;
  int count = 0;
  if (trained != nullptr) {
    for (const ProfileScores& point : trained->scores.profile) {
      if (point.sigma < low - 1e-9 || point.sigma > high + 1e-9) continue;
      sum.mean += point.adjusted.at("model").mean;
      sum.se += point.adjusted.at("model").se;
      ++count;
    }
  }
  if (count == 0) return {kUnknown, kUnknown};
  return {sum.mean / count, sum.se / count};
}

}  // namespace

std::vector<Cell> fig2_cells() {
  std::vector<Setting> settings;
  for (const Problem& problem : problems()) {
    if (!problem.uniform()) continue;
    const int first = problem.id == main_problem().id ? 2 : kTableLayers;
    std::ranges::copy(settings_of(problem, first, kTableLayers), std::back_inserter(settings));
  }
  return cells_of(settings);
}

namespace {

std::vector<Figure> fig2_figures(const Archive& archive) {
  Figure top{.id = "fig2-top",
             .title = "Seven layers, trained on sigma ~ U(0, sigma_max)",
             .caption = "Adjusted loss at each noise level; the range of training is shaded.",
             .columns = 4};
  for (const Problem& problem : problems()) {
    if (problem.uniform()) {
      top.panels.push_back(
          profile_panel(archive, problem, kTableLayers, std::string(problem.title)));
    }
  }
  Figure bottom{.id = "fig2-bottom",
                .title = "Two to seven layers, trained on sigma ~ U(0, 5)",
                .caption = "As above, by depth.",
                .columns = 3};
  for (int layers = 2; layers <= kTableLayers; ++layers) {
    Panel panel = profile_panel(archive, main_problem(), layers, fmt::format("L = {}", layers));
    panel.x.domain = {0, 6};
    panel.y.domain = {0, 0.2};
    bottom.panels.push_back(std::move(panel));
  }
  return {std::move(top), std::move(bottom)};
}

}  // namespace

Status draw_fig2(const Archive& archive, const StudyOptions&, StudyResult& result) {
  result.figures = fig2_figures(archive);
  std::vector<ProfileNumbers> depths;
  for (int layers = 2; layers <= kTableLayers; ++layers)
    depths.push_back(profile_numbers(archive, layers));
  result.claims = fig2_claims(depths);
  return {};
}

std::vector<Cell> fig3_cells() { return cells_of(table_settings(false)); }

namespace {

std::vector<Figure> fig3_figures(const Archive& archive) {
  Figure top{.id = "fig3-top",
             .title = "Categorical noise: depth, and profiles of seven layers",
             .caption = "Noise levels of training are marked.",
             .columns = 2};
  Figure bottom{
      .id = "fig3-bottom", .title = "Profiles by depth", .caption = "As above.", .columns = 3};
  for (const Problem& problem : problems()) {
    if (problem.uniform()) continue;
    top.panels.push_back(depth_panel(archive, problem));
    Panel deep =
        profile_panel(archive, problem, kTableLayers, fmt::format("{}, L = 7", problem.title));
    deep.y.domain = {0, 0.2};
    top.panels.push_back(std::move(deep));
    for (int layers = 2; layers <= kTableLayers; ++layers) {
      Panel panel =
          profile_panel(archive, problem, layers, fmt::format("{}, L = {}", problem.title, layers));
      panel.y.domain = {0, 0.2};
      bottom.panels.push_back(std::move(panel));
    }
  }
  return {std::move(top), std::move(bottom)};
}

CategoricalNumbers categorical_numbers(const Archive& archive) {
  const auto seven = [&](Parametrisation kind, const char* problem) {
    return best(archive,
                {.kind = kind, .layers = kTableLayers, .problem = &problem_named(problem)});
  };
  const Trained *full = seven(Parametrisation::full, "categorical-13"),
                *diag = seven(Parametrisation::diag, "categorical-13");
  return {.full_two = adjusted_loss(full),
          .diag_two = adjusted_loss(diag),
          .full_three = adjusted_loss(seven(Parametrisation::full, "categorical-135")),
          .diag_three = adjusted_loss(seven(Parametrisation::diag, "categorical-135")),
          .full_beyond = mean_over(full, 4, 6),
          .diag_beyond = mean_over(diag, 4, 6)};
}

}  // namespace

Status draw_fig3(const Archive& archive, const StudyOptions&, StudyResult& result) {
  result.figures = fig3_figures(archive);
  result.claims = fig3_claims(categorical_numbers(archive));
  return {};
}

std::vector<Cell> fig6_cells() {
  return cells_of(settings_of(main_problem(), kTableLayers, kTableLayers));
}

namespace {

Series loss_series(const Trained& trained, const std::string& key, std::string name, Role role) {
  Series series{.name = std::move(name), .role = role, .mark = Mark::line};
  for (const ProfileScores& at : trained.scores.profile) {
    if (at.sigma <= 7) series.points.push_back(point(at.sigma, at.loss.at(key)));
  }
  return series;
}

Panel fig6_panel(const Archive& archive) {
  Panel panel{.title = "sigma ~ U(0, 5), L = 7",
              .x = {.label = "sigma", .log = false, .ticks = {}, .domain = {0, 7}},
              .y = {.label = "loss, not adjusted"}};
  panel.bands.push_back({0, 5, "trained on"});
  const Trained* any = nullptr;
  for (const Parametrisation kind : kKinds) {
    const Trained* trained =
        best(archive, {.kind = kind, .layers = kTableLayers, .problem = &main_problem()});
    if (trained == nullptr) continue;
    any = trained;
    panel.series.push_back(
        loss_series(*trained, "model", std::string(title_of(kind)), role_of(kind)));
  }
  if (any == nullptr) return panel;
  for (const SolverLine& solver : kSolverLines)
    panel.series.push_back(loss_series(*any, solver.name, solver.title, solver.role));
  panel.series.push_back(loss_series(*any, "oracle", "oracle", Role::other));
  return panel;
}

// At sigma = 5: FULL, DIAG, GD++ and the solvers. Returns the loss of the oracle; NaN without
// networks.
double curves_at_five(const Archive& archive, std::vector<CurveNumbers>& curves) {
  double oracle = kUnknown;
  for (const Parametrisation kind : kKinds) {
    const Trained* trained =
        best(archive, {.kind = kind, .layers = kTableLayers, .problem = &main_problem()});
    if (trained == nullptr) continue;
    for (const ProfileScores& at : trained->scores.profile) {
      if (at.sigma != 5) continue;
      curves.push_back({std::string(title_of(kind)), at.loss.at("model")});
      if (!std::isnan(oracle)) continue;  // the solvers are the same for every network
      oracle = at.loss.at("oracle").mean;
      for (const SolverLine& solver : kSolverLines)
        curves.push_back({solver.title, at.loss.at(solver.name)});
    }
  }
  return oracle;
}

}  // namespace

Status draw_fig6(const Archive& archive, const StudyOptions&, StudyResult& result) {
  result.figures.push_back(
      {.id = "fig6",
       .title = "Loss against the noise level, not adjusted",
       .caption = "The loss of the oracle itself grows with the noise: why losses are adjusted.",
       .columns = 1,
       .panels = {fig6_panel(archive)}});
  std::vector<CurveNumbers> curves;
  const double oracle = curves_at_five(archive, curves);
  result.claims = fig6_claims(curves, oracle);
  return {};
}

}  // namespace gramian::versatile
