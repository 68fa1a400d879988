// Fig. 1: adjusted loss against depth, one panel for each uniform noise problem.
#include <fmt/format.h>

#include "gramian/papers/versatile/claims.h"
#include "gramian/papers/versatile/draw.h"

namespace gramian::versatile {

namespace {

const Trained* network(const Archive& archive, Parametrisation kind, int layers,
                       const Problem& problem) {
  return best(archive, {.kind = kind, .layers = layers, .problem = &problem});
}

// A solver on the prompts that the networks of this problem are evaluated on.
Estimate solver(const Archive& archive, const char* name, const Problem& problem) {
  return adjusted_loss(network(archive, Parametrisation::diag, 1, problem), name);
}

DepthNumbers depth_numbers(const Archive& archive, const Problem& problem) {
  const auto loss = [&](Parametrisation kind, int layers) {
    return adjusted_loss(network(archive, kind, layers, problem));
  };
  constexpr auto kFull = Parametrisation::full, kDiag = Parametrisation::diag;
  return {.label = problem.label,
          .sigma_max = problem.max,
          .full7 = loss(kFull, 7),
          .diag7 = loss(kDiag, 7),
          .gdpp7 = loss(Parametrisation::gdpp, 7),
          .full4 = loss(kFull, 4),
          .diag4 = loss(kDiag, 4),
          .full5 = loss(kFull, 5),
          .full6 = loss(kFull, 6),
          .constrr = solver(archive, "constrr", problem),
          .adarr = solver(archive, "adarr", problem),
          .tunedrr = solver(archive, "tunedrr", problem)};
}

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
                            .points = {{.y = solver(archive, line.name, problem).mean}}});
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
  std::vector<DepthNumbers> numbers;
  for (const Problem& problem : problems()) {
    if (problem.uniform()) numbers.push_back(depth_numbers(archive, problem));
  }
  result.claims = fig1_claims(numbers);
  return {};
}

}  // namespace gramian::versatile
