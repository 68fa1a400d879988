// Fig. 1: adjusted loss against depth, one panel for each uniform noise problem.
#include <fmt/format.h>

#include "gramian/papers/versatile/draw.h"

namespace gramian::versatile {

namespace {

double loss(const Archive& archive, Parametrisation kind, int layers, const Problem& problem) {
  const Trained* trained = best(archive, {.kind = kind, .layers = layers, .problem = &problem});
  return trained == nullptr ? std::numeric_limits<double>::quiet_NaN()
                            : trained->scores.adjusted.at("model").mean;
}

double solver(const Archive& archive, const char* name, const Problem& problem) {
  const Trained* trained =
      best(archive, {.kind = Parametrisation::diag, .layers = 1, .problem = &problem});
  return trained == nullptr ? std::numeric_limits<double>::quiet_NaN()
                            : trained->scores.adjusted.at(name).mean;
}

// `check` returns {left, right, holds}; all noisy uniform problems from `first` on.
template <class Check>
Claim each_problem(std::string text, int first, Check&& check) {
  Claim claim{.text = std::move(text), .holds = true, .detail = {}};
  for (const Problem& problem : problems()) {
    if (!problem.uniform() || problem.max < first) continue;
    const auto [left, right, holds] = check(problem);
    claim.detail += fmt::format("{}{}: {:.3g} against {:.3g}{}", claim.detail.empty() ? "" : "; ",
                                problem.label, left, right, holds ? "" : " (does not hold)");
    claim.holds = *claim.holds && holds;
  }
  return claim;
}

struct Sides {
  double left, right;
  bool holds;
};

}  // namespace

Panel depth_panel(const Archive& archive, const Problem& problem) {
  Panel panel{.title = std::string(problem.title),
              .x = {.label = "layers", .ticks = {1, 3, 5, 7}},
              .y = {.label = "adjusted loss", .log = true}};
  for (const Parametrisation kind : kKinds) {
    Series ours{.name = std::string(title_of(kind)), .role = role_of(kind), .mark = Mark::line};
    for (int layers = 1; layers <= kTableLayers; ++layers) {
      const Trained* trained = best(archive, {.kind = kind, .layers = layers, .problem = &problem});
      if (trained != nullptr)
        ours.points.push_back(point(layers, trained->scores.adjusted.at("model")));
    }
    panel.series.push_back(std::move(ours));
  }
  Series paper{.name = "FULL, as published", .role = Role::paper, .mark = Mark::points};
  for (int layers = 1; layers <= kTableLayers; ++layers) {
    paper.points.push_back({.x = static_cast<double>(layers),
                            .y = published(Parametrisation::full, layers, problem).value});
  }
  panel.series.push_back(std::move(paper));
  if (problem.noiseless()) return panel;  // the solvers are exact there
  for (const SolverLine& line : kSolverLines) {
    panel.series.push_back({.name = line.title,
                            .role = line.role,
                            .mark = Mark::rule,
                            .points = {{.y = solver(archive, line.name, problem)}}});
  }
  return panel;
}

std::vector<Cell> fig1_cells() { return cells_of(table_settings(true)); }

Status draw_fig1(const Archive& archive, const StudyOptions&, StudyResult& result) {
  Figure figure{
      .id = "fig1",
      .title = "Adjusted loss against depth, uniform noise",
      .caption = "Each point is a network trained at that depth. Error bars: two standard errors.",
      .columns = 4};
  for (const Problem& problem : problems()) {
    if (problem.uniform()) figure.panels.push_back(depth_panel(archive, problem));
  }
  result.figures.push_back(std::move(figure));
  constexpr auto kFull = Parametrisation::full, kDiag = Parametrisation::diag,
                 kGdpp = Parametrisation::gdpp;
  result.claims.push_back(each_problem(
      "GD++ tends to CONSTRR: at L = 7 within 5% of it (sigma_max >= 2)", 2, [&](const Problem& p) {
        const double a = loss(archive, kGdpp, 7, p), b = solver(archive, "constrr", p);
        return Sides{a, b, std::abs(a - b) <= 0.05 * b};
      }));
  result.claims.push_back(
      each_problem("FULL equals DIAG under uniform noise: at L = 7 within 10% (sigma_max >= 1)", 1,
                   [&](const Problem& p) {
                     const double a = loss(archive, kFull, 7, p), b = loss(archive, kDiag, 7, p);
                     return Sides{a, b, std::abs(a - b) <= 0.1 * b};
                   }));
  result.claims.push_back(each_problem(
      "Four layers (the better of FULL and DIAG) beat ADARR for sigma_max >= 4", 4,
      [&](const Problem& p) {
        const double a = std::min(loss(archive, kFull, 4, p), loss(archive, kDiag, 4, p));
        const double b = solver(archive, "adarr", p);
        return Sides{a, b, a < b};
      }));
  result.claims.push_back(
      each_problem("Five layers or more match TUNEDRR: FULL, L = 7, for sigma_max >= 4", 4,
                   [&](const Problem& p) {
                     const double a = loss(archive, kFull, 7, p), b = solver(archive, "tunedrr", p);
                     return Sides{a, b, a <= b};
                   }));
  return {};
}

}  // namespace gramian::versatile
