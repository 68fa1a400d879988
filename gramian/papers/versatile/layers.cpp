// Figs. 5 and 7: what a trained network predicts after each of its layers.
#include <fmt/format.h>

#include <cmath>

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

std::string list(const std::vector<double>& values) {
  std::string text;
  for (const double v : values) text += fmt::format("{}{:.3g}", text.empty() ? "" : ", ", v);
  return text;
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
  Claim claim{
      .text =
          "The loss falls with every layer, in networks of every depth (rises of up to 2% allowed)",
      .holds = true,
      .detail = {}};
  int rises = 0, steps = 0;
  for (const Parametrisation kind : kKinds) {
    Panel panel{.title = std::string(title_of(kind)),
                .x = {.label = "prediction after k layers", .ticks = {0, 2, 4, 6, 8}},
                .y = {.label = "adjusted loss", .log = true}};
    for (int layers = 1; layers <= kTableLayers; ++layers) {
      const auto runs =
          seeds(archive, {.kind = kind, .layers = layers, .problem = &main_problem()});
      if (runs.empty()) continue;
      Series series{.name = fmt::format("L = {}", layers), .role = Role::other, .mark = Mark::line};
      for (std::size_t k = 0; k < static_cast<std::size_t>(layers); ++k) {
        std::vector<Estimate> estimates;
        for (const Trained* t : runs) estimates.push_back(t->scores.layers[k]);
        series.points.push_back(over_seeds(static_cast<double>(k + 1), estimates));
        if (k == 0) continue;
        ++steps;
        const double before = series.points[k - 1].y, now = series.points[k].y;
        if (now > 1.02 * before) {
          ++rises;
          claim.detail += fmt::format("; {}, L = {}, layer {}: {:.3g} after {:.3g}", title_of(kind),
                                      layers, k + 1, now, before);
        }
      }
      panel.series.push_back(std::move(series));
    }
    figure.panels.push_back(std::move(panel));
  }
  result.figures.push_back(std::move(figure));
  claim.holds = rises == 0;
  claim.detail = fmt::format("{} of {} layers raise it{}", rises, steps, claim.detail);
  result.claims.push_back(std::move(claim));
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

  const auto low = at_sigma(archive, Parametrisation::gdpp, 7, 0),
             high = at_sigma(archive, Parametrisation::gdpp, 7, 5);
  Claim stopping{.text =
                     "GD++: early layers fit high noise, late ones low noise: at sigma = 5 the "
                     "best layer comes before the best one at sigma = 0 (L = 7)",
                 .holds = {},
                 .detail = {}};
  if (!low.empty() && !high.empty()) {
    const auto best_low = std::min_element(low.begin(), low.end()) - low.begin();
    const auto best_high = std::min_element(high.begin(), high.end()) - high.begin();
    stopping.holds = best_high < best_low;
    stopping.detail = fmt::format("best layer {} at sigma = 5 ({}), {} at sigma = 0 ({})",
                                  best_high + 1, list(high), best_low + 1, list(low));
  }
  result.claims.push_back(std::move(stopping));
  const auto full_low = at_sigma(archive, Parametrisation::full, 7, 0);
  const auto full_high = at_sigma(archive, Parametrisation::full, 7, 5);
  Claim last{.text =
                 "FULL: the last layer is where high noise gains most: its share of the fall of "
                 "the loss from layer 3 on is larger at sigma = 5 than at sigma = 0 (L = 7)",
             .holds = {},
             .detail = {}};
  if (full_low.size() == 7 && full_high.size() == 7) {
    const auto share = [](const std::vector<double>& v) {
      return (v[5] - v[6]) / std::max(v[2] - v[6], 1e-12);
    };
    last.holds = share(full_high) > share(full_low);
    last.detail = fmt::format("sigma = 5: {}; sigma = 0: {}", list(full_high), list(full_low));
  }
  result.claims.push_back(std::move(last));
  return {};
}

}  // namespace gramian::versatile
