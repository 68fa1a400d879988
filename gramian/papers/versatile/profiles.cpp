// Figs. 2 and 3: adjusted loss against the noise level of the prompt. Fig. 6: the loss itself.
#include <fmt/format.h>

#include <cmath>

#include "gramian/papers/versatile/draw.h"

namespace gramian::versatile {

namespace {

const Estimate* at(const Archive& archive, const Setting& setting, double sigma,
                   const std::string& key) {
  const Trained* trained = best(archive, setting);
  if (trained == nullptr) return nullptr;
  for (const ProfileScores& point : trained->scores.profile) {
    if (std::abs(point.sigma - sigma) < 1e-9 && point.adjusted.contains(key))
      return &point.adjusted.at(key);
  }
  return nullptr;
}

// Mean of the profile of "model" over sigmas in [low, high].
double mean_over(const Archive& archive, const Setting& setting, double low, double high,
                 const std::string& key = "model") {
  const Trained* trained = best(archive, setting);
  double sum = 0;
  int count = 0;
  if (trained != nullptr) {
    for (const ProfileScores& point : trained->scores.profile) {
      if (point.sigma < low - 1e-9 || point.sigma > high + 1e-9) continue;
      sum += point.adjusted.at(key).mean;
      ++count;
    }
  }
  return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
}

Claim compare(std::string text, double left, double right, std::string what) {
  Claim claim{.text = std::move(text),
              .holds = {},
              .detail = fmt::format("{}: {:.3g} against {:.3g}", what, left, right)};
  if (std::isfinite(left) && std::isfinite(right)) claim.holds = left < right;
  return claim;
}

constexpr auto kFull = Parametrisation::full, kDiag = Parametrisation::diag,
               kGdpp = Parametrisation::gdpp;

}  // namespace

std::vector<Cell> fig2_cells() {
  std::vector<Cell> cells;
  for (const Problem& problem : problems()) {
    if (!problem.uniform()) continue;
    const int first = problem.id == main_problem().id ? 2 : kTableLayers;
    for (const Setting& setting : settings_of(problem, first, kTableLayers))
      cells.push_back(setting.cell());
  }
  return cells;
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

std::vector<Claim> fig2_claims(const Archive& archive) {
  const Problem& middle = main_problem();
  const Setting full{.kind = kFull, .layers = 7, .problem = &middle},
      diag{.kind = kDiag, .layers = 7, .problem = &middle},
      gdpp{.kind = kGdpp, .layers = 7, .problem = &middle};
  const double constrr = mean_over(archive, gdpp, 0, 5, "constrr"),
               like = mean_over(archive, gdpp, 0, 5);
  Claim mirrors{
      .text = "GD++ mirrors CONSTRR: their mean profiles over [0, 5] differ by less than 10%",
      .holds = {},
      .detail = fmt::format("{:.3g} against {:.3g}", like, constrr)};
  if (std::isfinite(like)) mirrors.holds = std::abs(like - constrr) < 0.1 * constrr;
  Claim adaptive{
      .text = "ADARR is exact at sigma = 0 and degrades with sigma", .holds = {}, .detail = {}};
  if (const Estimate* zero = at(archive, full, 0, "adarr"), *five = at(archive, full, 5, "adarr");
      zero && five) {
    adaptive.holds = std::abs(zero->mean) < 1e-9 && five->mean > 10 * five->se;
    adaptive.detail = fmt::format("{:.2g} at sigma = 0, {} at sigma = 5", zero->mean, text(*five));
  }
  Claim improve = compare(
      "From three layers on the networks improve over the whole range: FULL, L = 7, is below "
      "GD++, L = 7, on average over [0, 5]",
      mean_over(archive, full, 0, 5), like, "mean profile");
  Claim alike{.text =
                  "FULL and DIAG have alike profiles under uniform noise: their means over [0, 5] "
                  "differ by less than 15%",
              .holds = {},
              .detail = {}};
  const double a = mean_over(archive, full, 0, 5), b = mean_over(archive, diag, 0, 5);
  alike.detail = fmt::format("{:.3g} against {:.3g}", a, b);
  if (std::isfinite(a) && std::isfinite(b)) alike.holds = std::abs(a - b) < 0.15 * b;
  return {std::move(mirrors), std::move(adaptive), std::move(improve), std::move(alike)};
}

}  // namespace

Status draw_fig2(const Archive& archive, const StudyOptions&, StudyResult& result) {
  result.figures = fig2_figures(archive);
  result.claims = fig2_claims(archive);
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

std::vector<Claim> fig3_claims(const Archive& archive) {
  const Problem& two = problem_named("categorical-13");
  const Problem& three = problem_named("categorical-135");
  const Setting full{.kind = kFull, .layers = 7, .problem = &two},
      diag{.kind = kDiag, .layers = 7, .problem = &two};
  const auto in = [&](const Setting& setting) {
    const Trained* trained = best(archive, setting);
    return trained ? trained->scores.adjusted.at("model").mean
                   : std::numeric_limits<double>::quiet_NaN();
  };
  const Setting full3{.kind = kFull, .layers = 7, .problem = &three},
      diag3{.kind = kDiag, .layers = 7, .problem = &three};
  return {
      compare("{1, 3}: FULL is below DIAG in distribution (L = 7)", in(full), in(diag), "adjusted"),
      compare("{1, 3}: DIAG extrapolates better to unseen noise: mean over sigma in [4, 6] (L = 7)",
              mean_over(archive, diag, 4, 6), mean_over(archive, full, 4, 6), "DIAG against FULL"),
      compare("{1, 3, 5}: FULL is below DIAG in distribution as the table has it, against the text "
              "(L = 7)",
              in(full3), in(diag3), "adjusted")};
}

}  // namespace

Status draw_fig3(const Archive& archive, const StudyOptions&, StudyResult& result) {
  result.figures = fig3_figures(archive);
  result.claims = fig3_claims(archive);
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

Claim fig6_claim(const Archive& archive) {
  Claim claim{.text = "At sigma = 5 all curves nearly coincide: FULL within 10% of the oracle",
              .holds = {},
              .detail = {}};
  const Trained* full =
      best(archive, {.kind = kFull, .layers = kTableLayers, .problem = &main_problem()});
  if (full == nullptr) return claim;
  for (const ProfileScores& at : full->scores.profile) {
    if (at.sigma != 5) continue;
    const double ours = at.loss.at("model").mean, oracle = at.loss.at("oracle").mean;
    claim.holds = ours < 1.1 * oracle;
    claim.detail = fmt::format("{:.3f} against {:.3f}", ours, oracle);
  }
  return claim;
}

}  // namespace

Status draw_fig6(const Archive& archive, const StudyOptions&, StudyResult& result) {
  result.figures.push_back(
      {.id = "fig6",
       .title = "Loss against the noise level, not adjusted",
       .caption = "All curves nearly coincide where noise is high: why losses are adjusted.",
       .columns = 1,
       .panels = {fig6_panel(archive)}});
  result.claims.push_back(fig6_claim(archive));
  return {};
}

}  // namespace gramian::versatile
