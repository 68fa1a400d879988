// gd-fig3: looped and deeper networks beside as many steps of gradient descent and of GD++.
#include <fmt/format.h>

#include "gramian/papers/gd/claims.h"
#include "gramian/papers/gd/published.h"
#include "gramian/papers/gd/setting.h"
#include "gramian/papers/gd/studies.h"

namespace gramian::gd {

namespace {

constexpr Setting kSettings[] = {{.layers = 2, .n = 10},
                                 {.layers = 5, .n = 10},
                                 {.layers = 10, .n = 10},
                                 {.layers = 5, .n = 10, .tied = false},
                                 {.layers = 2, .n = 25}};
constexpr int kDrawn = 10;  // n of the networks in the figure

// Losses for inputs of `scale` times the range.
struct Fig3AtScale {
  double scale = 1, network = 0, gd = 0, gdpp = 0;
};

// A trained network beside the best GD and GD++: with one step (and curvature) for all layers of a
// loop, and with their own for layers of their own.
struct Fig3Numbers {
  Setting setting = {};
  double seconds = 0;
  GdOptimum gd = {}, gdpp = {};
  SeveralLayersNumbers several = {};
  // Of networks in the figure:
  std::vector<Point> training = {};
  std::vector<Along> along_gd = {}, along_gdpp = {};
  std::vector<Fig3AtScale> scales = {};
};

Status measure_figure(const Trained& trained, const Network& network, const StudyOptions& options,
                      Fig3Numbers& numbers) {
  const int n = numbers.setting.n;
  const Network gd = descent_network(numbers.gd.layers),
                gdpp = descent_network(numbers.gdpp.layers);
  numbers.training = GRAMIAN_TRY(training_curve(trained, options));
  for (const double scale : kInputScales) {
    const Alignment a = compare(network, gd, n, scale, 1, options.effort.quick),
                    b = compare(network, gdpp, n, scale, 1, options.effort.quick);
    numbers.scales.push_back({scale, a.loss.mean(), a.other_loss.mean(), b.other_loss.mean()});
  }
  numbers.along_gd = GRAMIAN_TRY(along_training(trained, gd, n, options));
  numbers.along_gdpp = GRAMIAN_TRY(along_training(trained, gdpp, n, options));
  return {};
}

Expected<Fig3Numbers> measure_fig3(const Setting& setting, const Trained& trained,
                                   const StudyOptions& options) {
  const auto& [layers, n, tied] = setting;
  const bool quick = options.effort.quick;
  const auto spectra = GRAMIAN_TRY(ContextSpectra::draw(task_of(n), quick ? 500 : 5'000, 3));
  Fig3Numbers numbers{.setting = setting,
                      .seconds = trained.seconds,
                      .gd = best_gd(spectra, layers, {.tied = tied}),
                      .gdpp = best_gd(spectra, layers, {.curvature = true, .tied = tied})};
  const GdOptimum shared =
      tied ? numbers.gdpp : best_gd(spectra, layers, {.curvature = true, .tied = true});
  const auto network = GRAMIAN_TRY(load_network(trained, options));
  const Alignment to_gd = compare(network, descent_network(numbers.gd.layers), n, 1, 1, quick),
                  to_gdpp = compare(network, descent_network(numbers.gdpp.layers), n, 1, 1, quick);
  numbers.several = {.name = setting.model(),
                     .layers = layers,
                     .n = n,
                     .tied = tied,
                     .loss = trained.scores.loss.at("model"),
                     .gd = numbers.gd.loss.mean,
                     .gdpp = numbers.gdpp.loss.mean,
                     .gdpp_shared = shared.loss.mean,
                     .to_gd = to_gd.cosine.mean(),
                     .to_gdpp = to_gdpp.cosine.mean(),
                     .difference_to_gd = to_gd.sensitivity.mean(),
                     .difference_to_gdpp = to_gdpp.sensitivity.mean(),
                     .gamma = as_gd_layer(normalised(network)).curvature / n,
                     .best_gamma = numbers.gdpp.layers[0].curvature / n};
  if (n == kDrawn) GRAMIAN_TRY(measure_figure(trained, network, options, numbers));
  return numbers;
}

Table table_of(const std::vector<Fig3Numbers>& networks) {
  Table table{
      .id = "gd-fig3",
      .title = "Several layers beside as many steps",
      .columns = {"network", "n", "loss", "best GD", "best GD++", "cosine to GD", "cosine to GD++",
                  "difference to GD", "to GD++", "gamma", "of the best GD++", "seconds"},
      .rows = {},
      .notes = {"Best: closed forms, with one step (and curvature gamma) for all layers of a loop "
                "and with their own for layers of their own. Differences: mean of the norm between "
                "the sensitivities. gamma for the plain sum of x x^T, read from the weights of the "
                "loop."}};
  for (const Fig3Numbers& one : networks) {
    const SeveralLayersNumbers& s = one.several;
    auto& row = table.rows.emplace_back();
    row = {s.name,
           static_cast<double>(s.n),
           TableCell{.value = s.loss.mean, .se = s.loss.se},
           TableCell{.value = one.gd.loss.mean, .se = one.gd.loss.se},
           TableCell{.value = one.gdpp.loss.mean, .se = one.gdpp.loss.se},
           s.to_gd,
           s.to_gdpp,
           s.difference_to_gd,
           s.difference_to_gdpp};
    for (const double gamma : {s.gamma, s.best_gamma}) {
      if (s.tied) {
        row.emplace_back(gamma);
      } else {
        row.emplace_back(std::string("-"));
      }
    }
    row.emplace_back(one.seconds);
  }
  return table;
}

Panel training_panel(const Fig3Numbers& one) {
  const std::string& name = one.several.name;
  Panel panel{
      .title = name, .x = {.label = "step"}, .y = {.label = "loss of the batch", .log = true}};
  panel.series = {{.name = name, .role = Role::full, .mark = Mark::line, .points = one.training},
                  {.name = "best GD",
                   .role = Role::other,
                   .mark = Mark::rule,
                   .points = {{.y = one.gd.loss.mean}}},
                  {.name = "best GD++",
                   .role = Role::gdpp,
                   .mark = Mark::rule,
                   .points = {{.y = one.gdpp.loss.mean}}}};
  return panel;
}

Panel along_panel(const Fig3Numbers& one) {
  Panel panel{.title = one.several.name + ": alignment",
              .x = {.label = "step"},
              .y = {.label = "difference or cosine"},
              .series = along_series(one.along_gd, names_beside("GD"))};
  for (Series& series : along_series(one.along_gdpp, names_beside("GD++")))
    panel.series.push_back(std::move(series));
  return panel;
}

Panel scales_panel(const Fig3Numbers& one) {
  Series ours{.name = one.several.name, .role = Role::full, .mark = Mark::points};
  Series gd{.name = "best GD", .role = Role::other, .mark = Mark::line},
      gdpp{.name = "best GD++", .role = Role::gdpp, .mark = Mark::line};
  for (const Fig3AtScale& at : one.scales) {
    ours.points.push_back({.x = at.scale, .y = at.network});
    gd.points.push_back({.x = at.scale, .y = at.gd});
    gdpp.points.push_back({.x = at.scale, .y = at.gdpp});
  }
  return {.title = one.several.name + " out of distribution",
          .x = {.label = "alpha"},
          .y = {.label = "loss", .log = true},
          .series = {std::move(ours), std::move(gd), std::move(gdpp)}};
}

Figure figure_of(const std::vector<Fig3Numbers>& networks) {
  Figure figure{.id = "gd-fig3",
                .title = "Several layers",
                .caption =
                    "Left: training. Middle: the network at that step beside the best GD and GD++. "
                    "Right: inputs of alpha times the range.",
                .columns = 3,
                .panels = {}};
  for (const Fig3Numbers& one : networks) {
    if (one.setting.n != kDrawn) continue;
    figure.panels.push_back(training_panel(one));
    figure.panels.push_back(along_panel(one));
    figure.panels.push_back(scales_panel(one));
  }
  return figure;
}

}  // namespace

std::vector<Cell> fig3_cells() { return cells_of(kSettings); }

Status draw_fig3(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  std::vector<Fig3Numbers> networks;
  std::vector<SeveralLayersNumbers> several;
  for (const Setting& setting : kSettings) {
    const Trained* trained = archive.best(setting.name());
    if (trained == nullptr) continue;
    networks.push_back(GRAMIAN_TRY(measure_fig3(setting, *trained, options)));
    several.push_back(networks.back().several);
    add_claims(several_layers_claims(several.back()), result);
  }
  result.tables.push_back(GRAMIAN_TRY(published_several_layers(several, options.effort.quick)));
  result.tables.push_back(table_of(networks));
  result.figures.push_back(figure_of(networks));
  return {};
}

}  // namespace gramian::gd
