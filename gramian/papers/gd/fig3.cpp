// gd-fig3: looped and deeper networks beside as many steps of gradient descent and of GD++.
#include <fmt/format.h>

#include <cmath>

#include "gramian/papers/gd/claims.h"
#include "gramian/papers/gd/published.h"
#include "gramian/papers/gd/setting.h"
#include "gramian/papers/gd/studies.h"

namespace gramian::gd {

namespace {

// What the closed forms reach with the layers of one cell.
struct Floors {
  GdOptimum gd, gdpp;  // one step for all, or each its own: as the cell
};

}  // namespace

std::vector<Cell> fig3_cells() {
  return {cell_of(2, 10), cell_of(5, 10), cell_of(10, 10), cell_of(5, 10, false), cell_of(2, 25)};
}

Status draw_fig3(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const bool quick = options.effort.quick;
  Table table{
      .id = "gd-fig3",
      .title = "Several layers beside as many steps",
      .columns = {"network", "n", "loss", "best GD", "best GD++", "cosine to GD", "cosine to GD++",
                  "difference to GD", "to GD++", "gamma", "of the best GD++", "seconds"},
      .rows = {},
      .notes = {"Best: closed forms, with one step (and curvature gamma) for all layers of a loop "
                "and with their own "
                "for layers of their own. Differences: mean of the norm between the sensitivities. "
                "gamma for the "
                "plain sum of x x^T, read from the weights of the loop."}};
  Figure figure{.id = "gd-fig3",
                .title = "Several layers",
                .caption =
                    "Left: training. Middle: the network at that step beside the best GD and GD++. "
                    "Right: inputs of "
                    "alpha times the range.",
                .columns = 3,
                .panels = {}};
  std::vector<SeveralLayersNumbers> networks;
  for (const Cell& cell : fig3_cells()) {
    const int n = cell.problem == &problem_of(25) ? 25 : 10;
    const auto spectra = GRAMIAN_TRY(ContextSpectra::draw(task_of(n), quick ? 500 : 5'000, 3));
    const Floors floors{best_gd(spectra, cell.layers, {.tied = cell.tied}),
                        best_gd(spectra, cell.layers, {.curvature = true, .tied = cell.tied})};
    const Trained* trained = archive.best(cell);
    if (trained == nullptr) continue;
    const auto network = GRAMIAN_TRY(load_network(*trained, options));
    const Estimate& loss = trained->scores.loss.at("model");
    const std::string name = fmt::format("{} {}", cell.layers, cell.tied ? "loops" : "layers");
    const Network gd = descent_network(floors.gd.layers),
                  gdpp = descent_network(floors.gdpp.layers);
    const Alignment to_gd = compare(network, gd, n, 1, 1, quick),
                    to_gdpp = compare(network, gdpp, n, 1, 1, quick);
    const double gamma = as_gd_layer(normalised(network)).curvature / n,
                 best_gamma = floors.gdpp.layers[0].curvature / n;
    auto& row = table.rows.emplace_back();
    row = {name,
           static_cast<double>(n),
           TableCell{.value = loss.mean, .se = loss.se},
           TableCell{.value = floors.gd.loss.mean, .se = floors.gd.loss.se},
           TableCell{.value = floors.gdpp.loss.mean, .se = floors.gdpp.loss.se},
           to_gd.cosine.mean(),
           to_gdpp.cosine.mean(),
           to_gd.sensitivity.mean(),
           to_gdpp.sensitivity.mean()};
    if (cell.tied) {
      row.emplace_back(gamma);
      row.emplace_back(best_gamma);
    } else {
      row.emplace_back(std::string("-"));
      row.emplace_back(std::string("-"));
    }
    row.emplace_back(trained->seconds);
    const GdOptimum shared =
        cell.tied ? floors.gdpp : best_gd(spectra, cell.layers, {.curvature = true, .tied = true});
    networks.push_back({.name = name,
                        .layers = cell.layers,
                        .n = n,
                        .tied = cell.tied,
                        .loss = loss,
                        .gd = floors.gd.loss.mean,
                        .gdpp = floors.gdpp.loss.mean,
                        .gdpp_shared = shared.loss.mean,
                        .to_gd = to_gd.cosine.mean(),
                        .to_gdpp = to_gdpp.cosine.mean(),
                        .difference_to_gd = to_gd.sensitivity.mean(),
                        .difference_to_gdpp = to_gdpp.sensitivity.mean(),
                        .gamma = gamma,
                        .best_gamma = best_gamma});
    add_claims(several_layers_claims(networks.back()), result);
    if (n == 10) {
      auto points = GRAMIAN_TRY(training_curve(*trained, options));
      Panel training{
          .title = name, .x = {.label = "step"}, .y = {.label = "loss of the batch", .log = true}};
      training.series = {
          {.name = name, .role = Role::full, .mark = Mark::line, .points = std::move(points)},
          {.name = "best GD",
           .role = Role::other,
           .mark = Mark::rule,
           .points = {{.y = floors.gd.loss.mean}}},
          {.name = "best GD++",
           .role = Role::gdpp,
           .mark = Mark::rule,
           .points = {{.y = floors.gdpp.loss.mean}}}};
      Panel out{.title = name + " out of distribution",
                .x = {.label = "alpha"},
                .y = {.label = "loss", .log = true}};
      Series ours{.name = name, .role = Role::full, .mark = Mark::points};
      Series one{.name = "best GD", .role = Role::other, .mark = Mark::line},
          two{.name = "best GD++", .role = Role::gdpp, .mark = Mark::line};
      for (const double scale : kInputScales) {
        const Alignment a = compare(network, gd, n, scale, 1, quick),
                        b = compare(network, gdpp, n, scale, 1, quick);
        ours.points.push_back({.x = scale, .y = a.loss.mean()});
        one.points.push_back({.x = scale, .y = a.other_loss.mean()});
        two.points.push_back({.x = scale, .y = b.other_loss.mean()});
      }
      out.series = {std::move(ours), std::move(one), std::move(two)};
      auto alignment =
          GRAMIAN_TRY(alignment_panel(*trained, {{"GD", gd}, {"GD++", gdpp}}, n, options));
      alignment.title = name + ": alignment";
      figure.panels.push_back(std::move(training));
      figure.panels.push_back(std::move(alignment));
      figure.panels.push_back(std::move(out));
    }
  }
  auto published = GRAMIAN_TRY(published_several_layers(networks, quick));
  result.tables.push_back(std::move(published));
  result.tables.push_back(std::move(table));
  result.figures.push_back(std::move(figure));
  return {};
}

}  // namespace gramian::gd
