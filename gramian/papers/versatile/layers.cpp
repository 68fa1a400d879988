// Figs. 5 and 7: what a trained network predicts after each of its layers.
#include <fmt/format.h>

#include <cmath>

#include "gramian/papers/versatile/claims.h"
#include "gramian/papers/versatile/draw.h"

namespace gramian::versatile {

namespace {

constexpr int kDeepest = 8;  // of Fig. 7

// Over seeds where there are several, otherwise the standard error of the evaluation.
Point over_seeds(double x, const std::vector<Estimate>& estimates) {
  if (estimates.size() == 1) return point(x, estimates.front());
  std::vector<double> means;
  for (const Estimate& e : estimates) means.push_back(e.mean);
  const Spread s = spread(means);
  return {.x = x, .y = s.mean, .low = s.mean - s.deviation, .high = s.mean + s.deviation};
}

// The profile after layer `layer` (from 1), over seeds.
Series layer_profile(const std::vector<const Trained*>& seeds, std::size_t layer) {
  Series series{
      .name = fmt::format("after layer {}", layer), .role = Role::other, .mark = Mark::line};
  for (std::size_t k = 0; k < seeds.front()->scores.profile.size(); ++k) {
    std::vector<Estimate> estimates;
    for (const Trained* t : seeds) estimates.push_back(t->scores.profile[k].layers[layer - 1]);
    series.points.push_back(over_seeds(seeds.front()->scores.profile[k].sigma, estimates));
  }
  return series;
}

// Adjusted loss at sigma after each layer, of the best seed.
std::vector<double> at_sigma(const Archive& archive, Parametrisation kind, int layers,
                             double sigma) {
  std::vector<double> values;
  const Trained* trained =
      best(archive, {.kind = kind, .layers = layers, .problem = &main_problem()});
  if (trained == nullptr) return values;
  for (const ProfileScores& p : trained->scores.profile) {
    if (p.sigma != sigma) continue;
    for (const Estimate& e : p.layers) values.push_back(e.mean);
  }
  return values;
}

}  // namespace

std::vector<Cell> fig5_cells() { return cells_of(settings_of(main_problem(), 1, kTableLayers)); }

Status draw_fig5(const Archive& archive, const StudyOptions&, StudyResult& result) {
  Figure figure{
      .id = "fig5",
      .title = "Prediction after k layers, sigma ~ U(0, 5)",
      .caption =
          "One curve for each depth of training. Error bars: standard deviation over seeds, or two "
          "standard errors where there is one seed.",
      .columns = 3,
      .panels = {}};
  std::vector<LayerNumbers> networks;
  for (const Parametrisation kind : kKinds) {
    Panel panel{.title = std::string(title_of(kind)),
                .x = {.label = "prediction after k layers", .ticks = {0, 2, 4, 6, 8}},
                .y = {.label = "adjusted loss", .log = true}};
    for (int layers = 1; layers <= kTableLayers; ++layers) {
      const auto runs =
          seeds(archive, {.kind = kind, .layers = layers, .problem = &main_problem()});
      if (runs.empty()) continue;
      Series series{.name = fmt::format("L = {}", layers), .role = Role::other, .mark = Mark::line};
      networks.push_back({fmt::format("{}, L = {}", title_of(kind), layers), {}});
      for (std::size_t k = 0; k < static_cast<std::size_t>(layers); ++k) {
        std::vector<Estimate> estimates;
        for (const Trained* t : runs) estimates.push_back(t->scores.layers[k]);
        series.points.push_back(over_seeds(static_cast<double>(k + 1), estimates));
        networks.back().losses.push_back(series.points.back().y);
      }
      panel.series.push_back(std::move(series));
    }
    figure.panels.push_back(std::move(panel));
  }
  result.figures.push_back(std::move(figure));
  result.claims.push_back(fig5_claim(networks));
  return {};
}

std::vector<Cell> fig7_cells() { return cells_of(settings_of(main_problem(), 2, kDeepest)); }

Status draw_fig7(const Archive& archive, const StudyOptions&, StudyResult& result) {
  Figure figure{.id = "fig7",
                .title = "Profiles layer by layer, trained on sigma ~ U(0, 5)",
                .caption =
                    "Rows: networks of two to eight layers. Each curve is the prediction after one "
                    "of its layers.",
                .columns = 3,
                .panels = {}};
  for (int layers = 2; layers <= kDeepest; ++layers) {
    for (const Parametrisation kind : kKinds) {
      const auto runs =
          seeds(archive, {.kind = kind, .layers = layers, .problem = &main_problem()});
      if (runs.empty() || runs.front()->scores.profile.empty()) continue;
      Panel panel{.title = fmt::format("{}, L = {}", title_of(kind), layers),
                  .x = {.label = "sigma", .domain = {0, 10}},
                  .y = {.label = "adjusted loss", .domain = {0, 1}}};
      panel.bands.push_back({0, main_problem().max, "trained on"});
      for (std::size_t l = 1; l <= static_cast<std::size_t>(layers); ++l)
        panel.series.push_back(layer_profile(runs, l));
      figure.panels.push_back(std::move(panel));
    }
  }
  result.figures.push_back(std::move(figure));

  const auto after_layers = [&](Parametrisation kind, double sigma) {
    return at_sigma(archive, kind, kTableLayers, sigma);
  };
  result.claims = fig7_claims({.gdpp_low = after_layers(Parametrisation::gdpp, 0),
                               .gdpp_high = after_layers(Parametrisation::gdpp, 5),
                               .full_low = after_layers(Parametrisation::full, 0),
                               .full_high = after_layers(Parametrisation::full, 5)});
  return {};
}

}  // namespace gramian::versatile
