#include "gramian/explain/page.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "gramian/base/json_number.h"
#include "gramian/explain/page_changes.h"
#include "gramian/explain/page_parts.h"
#include "gramian/explain/words.h"

namespace gramian {

namespace {

using Json = nlohmann::ordered_json;
using page::cell, page::json_of;

// ---- the section: tables and figures

std::string layer_name(std::size_t l) { return fmt::format("layer {}", l + 1); }

Table words_table(const Explanation& e) {
  Table table{.id = "words", .title = "In words", .columns = {"", "What the numbers below say"}};
  const std::vector<std::string> sentences = in_words(e);
  const char* const about[] = {"Network", "Parts", "Noise", "Rare prompts"};
  const std::size_t general = sentences.size() - e.layers.size();
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    if (i < general) {
      table.rows.push_back({std::string(about[i]), sentences[i]});
    } else {  // without the "Layer l: " that stands in the first column
      table.rows.push_back({fmt::format("Layer {}", i - general + 1),
                            sentences[i].substr(sentences[i].find(": ") + 2)});
    }
  }
  return table;
}

// Of every word that the section uses.
Table definitions_table() {
  return {
      .id = "definitions",
      .title = "What the words mean",
      .columns = {"", ""},
      .rows = {
          {std::string("adjusted loss"),
           std::string("half of the mean squared error against the target without noise, minus "
                       "that of ridge regression that knows sigma (the oracle)")},
          {std::string("Bayes"),
           std::string("the posterior mean of w, sigma averaged over its prior: no predictor has a "
                       "lower expected loss on these prompts")},
          {std::string("w, u, a"),
           std::string("after a layer the network predicts `<w, x>` for a query x that it sees as "
                       "`x`; `a` is what is left of each target, `u` what targets have been added "
                       "to inputs (Lemma 4.3 of the main paper)")},
          {std::string("step"),
           std::string("how far a layer moves w along minus the gradient of the mean squared error "
                       "of what it sees, for the mean over the context (G/n)")},
          {std::string("preconditioned step"),
           std::string("the same along a fixed linear map of that gradient")},
          {std::string("shrinkage"),
           std::string("the share of w that a layer takes away before it adds its step")},
          {std::string("momentum share"),
           std::string("of the length of all parts of a layer's movement, that along u")},
          {std::string("R^2"),
           std::string("the share of a squared size that is explained, from 1 (all) down")},
          {std::string("distance"),
           std::string("`E|w - v|^2 / E|w|^2` in the metric of the loss, v being the weights of "
                       "the algorithm with the constants that bring it nearest")},
          {std::string("probe"),
           std::string("sigma by least squares from 1 and four invariants of what a layer sees, "
                       "fitted on some prompts and judged on others; that of the residuals has 1 "
                       "and one number")},
          {std::string("explodes"),
           std::string("has a loss over 1000 times the oracle's mean (without noise: over ten "
                       "times that of predicting zero)")},
          {std::string("upper bound"),
           std::string("a network with this loss was found; a better one may exist")},
          {std::string("+-"), std::string("one standard error over prompts")}}};
}

Table weights_table(const Explanation& e) {
  const bool full = e.network.kind == Parametrisation::full;
  Table table{
      .id = "omegas",
      .title = full ? "Nearest diagonal layers, for G/n" : "Weights for G/n",
      .columns = {"", "omega_xx", "omega_xy", "omega_yx", "omega_yy"},
      .notes = {
          "In the last layer omega_xx and omega_xy have no effect: nothing reads x after it."}};
  if (full) {
    table.columns.insert(table.columns.end(), {"share of rows of x", "share of row of y"});
    table.notes.push_back(
        "A diagonal layer here is the orthogonal projection of the map G -> sum_h P_h G Q_h; "
        "shares are of its squared "
        "coefficients.");
  }
  for (std::size_t l = 0; l < e.layers.size(); ++l) {
    const Omega& o = e.layers[l].omega;
    table.rows.push_back({layer_name(l), o.xx, o.xy, o.yx, o.yy});
    if (full)
      table.rows.back().insert(table.rows.back().end(),
                               {e.layers[l].diagonal_x, e.layers[l].diagonal_y});
  }
  return table;
}

Table parts_table(const Explanation& e) {
  Table table{
      .id = "parts",
      .title =
          "What networks without a part can do: adjusted loss, the part left out in all layers",
      .columns = {"", "cut out", "best network found", "which"},
      .notes = {
          fmt::format(
              "The last two columns are an upper bound on what such networks can do: the best of "
              "{} "
              "trainings of {} steps, of the network that was cut and of networks near gradient "
              "descent, trained on until {} steps lower its loss by less than 2%; of GD++ also the "
              "network of least expected loss, where it can be computed. Chosen on other prompts "
              "than it is judged on.",
              e.retraining.starts, e.retraining.steps, e.retraining.steps),
          "The first row is the network itself, trained on in the same way."}};
  for (const Ablation& part : e.ablations) {
    table.rows.push_back({part.name, cell(part.before),
                          part.after ? cell(*part.after) : TableCell{.note = part.failure},
                          part.after ? page::origin(part) : std::string()});
  }
  return table;
}

Table matches_table(const Explanation& e) {
  Table table{
      .id = "matches",
      .title = "The nearest known algorithm",
      .columns = {"", "algorithm", "distance", "constants that bring it nearest",
                  "adjusted loss of the layer"},
      .notes = {fmt::format(
          "Distance: E|w - v|^2 / E|w|^2 in the metric of the loss, on {} prompts. Of families "
          "within {:.0f}% of the least distance the simplest is named.",
          e.similarity.prompts, 100 * (kTie - 1))}};
  for (std::size_t l = 0; l < e.layers.size(); ++l) {
    const Match& match = e.similarity.matches[l];
    const AlgorithmFamily& family = e.similarity.families[match.family];
    std::string constants;
    for (const auto& [name, value] : family.constants[l][match.column]) {
      constants += fmt::format("{}{} {:.4g}", constants.empty() ? "" : ", ", name, value);
    }
    table.rows.push_back({layer_name(l), name_of(family, match.column),
                          TableCell{.value = match.distance, .se = match.error}, constants,
                          cell(e.adjusted[l])});
  }
  return table;
}

Point reading_point(double sigma, const Quantiles& q) {
  return {.x = sigma, .y = q.median, .low = q.low, .high = q.high};
}

// One curve for each layer; nothing where no layer has this reading.
void add_panel(const Explanation& e, std::string title, std::string label, auto select,
               Figure& figure) {
  Panel panel{.title = std::move(title), .x = {.label = "sigma"}, .y = {.label = std::move(label)}};
  for (std::size_t l = 0; l < e.readings.size(); ++l) {
    Series series{.name = layer_name(l)};
    for (const Reading& r : e.readings[l]) {
      if (const std::optional<Quantiles>& q = select(r))
        series.points.push_back(reading_point(r.sigma, *q));
    }
    if (!series.points.empty()) panel.series.push_back(std::move(series));
  }
  if (!panel.series.empty()) figure.panels.push_back(std::move(panel));
}

Figure readings_figure(const Explanation& e) {
  const bool exact = e.network.kind != Parametrisation::full;
  Figure figure{
      .id = "readings",
      .title = "What each layer does to w, by noise level",
      .caption = fmt::format(
          "Medians over prompts, with 10% and 90%. A layer moves w along `M^T alpha` of what "
          "it sees, from a w that is shrunk: {}. R^2: the share of the change of w that "
          "this explains, and that the gradient alone does.",
          exact ? "exactly (Lemma 4.4)" : "fitted for each prompt"),
      .columns = 3};
  add_panel(
      e, "Effective step size", "step, for G/n", [](const Reading& r) { return r.step; }, figure);
  add_panel(
      e, "Shrinkage of the w before", "share taken away",
      [](const Reading& r) { return r.shrinkage; }, figure);
  add_panel(
      e, "Movement along the momentum u", "share",
      [](const Reading& r) { return r.momentum_share; }, figure);
  add_panel(
      e, "Size of w after the layer", "|w'| / |w|", [](const Reading& r) { return r.size; },
      figure);
  if (!exact)
    add_panel(
        e, "Move and shrinkage explain", "R^2", [](const Reading& r) { return r.r2; }, figure);
  add_panel(
      e, "The gradient alone explains", "R^2", [](const Reading& r) { return r.gradient_r2; },
      figure);
  return figure;
}

Figure progress_figure(const Explanation& e) {
  Figure figure{.id = "progress",
                .title = "Layer by layer",
                .caption =
                    "Left: adjusted loss after each layer, two standard errors, and the Bayes "
                    "bound. Right: how well "
                    "a linear probe reads sigma from what a layer sees; the level is that of the "
                    "residuals of "
                    "least squares.",
                .columns = 2};
  Panel losses{.title = "Adjusted loss",
               .x = {.label = "layer"},
               .y = {.label = "adjusted loss", .log = true}};
  Series model{.name = "network"};
  for (std::size_t l = 0; l < e.adjusted.size(); ++l) {
    const double y = e.adjusted[l].mean(), error = 2 * e.adjusted[l].standard_error();
    model.points.push_back(
        {.x = static_cast<double>(l + 1), .y = y, .low = y - error, .high = y + error});
  }
  losses.series.push_back(std::move(model));
  if (e.bayes.mean() > 0) {
    losses.series.push_back({.name = "Bayes bound",
                             .role = Role::bayes,
                             .mark = Mark::rule,
                             .points = {{.x = 1, .y = e.bayes.mean()}}});
  }
  figure.panels.push_back(std::move(losses));
  if (!e.noise_probe) return figure;
  Panel probe{.title = "Noise level, read linearly",
              .x = {.label = "what layer l sees"},
              .y = {.label = "R^2"}};
  Series read{.name = "probe"};
  for (std::size_t l = 0; l < e.noise_probe->layers.size(); ++l) {
    read.points.push_back({.x = static_cast<double>(l + 1), .y = e.noise_probe->layers[l].r2});
  }
  probe.series.push_back(std::move(read));
  probe.series.push_back({.name = "residuals of least squares",
                          .mark = Mark::rule,
                          .points = {{.x = 1, .y = e.noise_probe->residuals.r2}}});
  figure.panels.push_back(std::move(probe));
  return figure;
}

// Likeness in powers of ten, so that what is near stands out.
double likeness(double distance) {
  return std::clamp(-std::log10(std::max(distance, 1e-300)), 0.0, 6.0);
}

Figure similarity_figure(const Explanation& e) {
  Figure figure{.id = "similarity",
                .title = "Likeness of w after each layer to known algorithms",
                .caption =
                    "Rows: layers; columns: steps of the algorithm, or its penalty. The value is "
                    "-log10 of the "
                    "distance E|w - v|^2 / E|w|^2: 0 as far as predicting zero, one more for each "
                    "tenth of it, up to "
                    "6. In brackets: the layers whose match is in this map.",
                .columns = 3};
  for (std::size_t f = 0; f < e.similarity.families.size(); ++f) {
    const AlgorithmFamily& family = e.similarity.families[f];
    if (family.columns.empty()) continue;
    std::string matched;
    Heatmap map{.columns = family.columns};
    for (std::size_t l = 0; l < family.distance.size(); ++l) {
      const Match& match = e.similarity.matches[l];
      map.rows.push_back(fmt::format("{}", l + 1));
      map.values.emplace_back();
      for (const double distance : family.distance[l])
        map.values.back().push_back(likeness(distance));
      if (match.family == f)
        matched += fmt::format("{}{} at {}", matched.empty() ? "" : ", ", l + 1,
                               family.columns[match.column]);
    }
    figure.panels.push_back({.title = family.title + (matched.empty() ? "" : " [" + matched + "]"),
                             .x = {.label = family.column},
                             .y = {.label = "layer"},
                             .heatmap = std::move(map)});
  }
  return figure;
}

Figure weights_figure(const Explanation& e) {
  Figure figure{
      .id = "weights",
      .title = "P and Q in one gauge",
      .caption = "Each head with |P| = |Q| and trace Q >= 0. The last row and column are y.",
      .columns = 4};
  for (std::size_t l = 0; l < e.layers.size(); ++l) {
    for (std::size_t h = 0; h < e.layers[l].heads.size(); ++h) {
      const HeadWeights& head = e.layers[l].heads[h];
      for (const auto& [name, values] : {std::pair{"P", &head.p}, std::pair{"Q", &head.q}}) {
        Heatmap map;
        const std::size_t rows = e.network.rows();
        for (std::size_t i = 0; i < rows; ++i) {
          const std::string label = i + 1 == rows ? "y" : fmt::format("{}", i + 1);
          map.rows.push_back(label);
          map.columns.push_back(label);
          const auto row = values->begin() + static_cast<std::ptrdiff_t>(i * rows);
          map.values.emplace_back(row, row + static_cast<std::ptrdiff_t>(rows));
        }
        const std::string which = e.network.heads > 1 ? fmt::format(", head {}", h + 1) : "";
        figure.panels.push_back({.title = fmt::format("{}, layer {}{}", name, l + 1, which),
                                 .heatmap = std::move(map)});
      }
    }
  }
  return figure;
}

// ---- the numbers

Json json_of(const std::optional<Quantiles>& q) {
  return q ? Json::array(
                 {number_or_null(q->low), number_or_null(q->median), number_or_null(q->high)})
           : Json(nullptr);
}
Json json_of(const NoiseProbe& probe) {
  return {{"r2", number_or_null(probe.r2)},
          {"r2_error", number_or_null(probe.r2_error)},
          {"error", number_or_null(probe.error)}};
}

Json json_of(const Reading& r) {
  return {{"sigma", r.sigma},
          {"prompts", r.prompts},
          {"step", json_of(r.step)},
          {"shrinkage", json_of(r.shrinkage)},
          {"momentum_share", json_of(r.momentum_share)},
          {"r2", json_of(r.r2)},
          {"plain_step", json_of(r.plain_step)},
          {"plain_momentum", json_of(r.plain_momentum)},
          {"plain_shrinkage", json_of(r.plain_shrinkage)},
          {"plain_r2", json_of(r.plain_r2)},
          {"gradient_r2", json_of(r.gradient_r2)},
          {"size", json_of(r.size)},
          {"left", json_of(r.left)}};
}

Json json_of_layer(const Explanation& e, std::size_t l) {
  const LayerSummary& layer = e.layers[l];
  const Omega& o = layer.omega;
  Json heads = Json::array(), readings = Json::array(), constants = Json::object();
  for (const HeadWeights& head : layer.heads) {
    heads.push_back({{"p", head.p},
                     {"q", head.q},
                     {"p_diagonal", head.p_diagonal},
                     {"q_diagonal", head.q_diagonal}});
  }
  for (const Reading& r : e.readings[l]) readings.push_back(json_of(r));
  const Match& match = e.similarity.matches[l];
  const AlgorithmFamily& family = e.similarity.families[match.family];
  for (const auto& [name, value] : family.constants[l][match.column])
    constants[name] = number_or_null(value);
  return {{"omega", {{"xx", o.xx}, {"xy", o.xy}, {"yx", o.yx}, {"yy", o.yy}}},
          {"diagonal_x", layer.diagonal_x},
          {"diagonal_y", layer.diagonal_y},
          {"heads", heads},
          {"readings", readings},
          {"match",
           {{"algorithm", family.name},
            {"column", family.columns[match.column]},
            {"distance", number_or_null(match.distance)},
            {"error", number_or_null(match.error)},
            {"constants", constants}}}};
}

Json json_of(const Similarity& similarity) {
  Json families = Json::array();
  for (const AlgorithmFamily& family : similarity.families) {
    Json distance = Json::array();
    for (const auto& row : family.distance) {
      distance.push_back(Json::array());
      for (const double value : row) distance.back().push_back(number_or_null(value));
    }
    families.push_back({{"name", family.name},
                        {"title", family.title},
                        {"column", family.column},
                        {"columns", family.columns},
                        {"distance", distance}});
  }
  return {
      {"prompts", similarity.prompts}, {"left_out", similarity.left_out}, {"families", families}};
}

Json json_of(const Stability& s) {
  Json blowups;
  if (s.blowups) {
    const auto [low, high] = poisson_interval(s.blowups->count);
    const double million = 1e6 / static_cast<double>(s.blowups->prompts);
    blowups = {{"prompts", s.blowups->prompts},
               {"count", s.blowups->count},
               {"interval", {low * million, high * million}},
               {"threshold", number_or_null(s.blowups->threshold)}};
  }
  return {{"blowups", blowups},
          {"limit", s.limit},
          {"limit_found", s.limit_found},
          {"eigenvalue",
           {{"median", s.eigenvalue_median},
            {"p99", s.eigenvalue_99},
            {"most", s.eigenvalue_most},
            {"prompts", s.eigenvalue_prompts}}}};
}

Json json_of(const Explanation& e) {
  const NetworkSpec& spec = e.network;
  Json adjusted = Json::array(), layers = Json::array(), parts = Json::array(), probe;
  for (const RunningMean& mean : e.adjusted) adjusted.push_back(json_of(mean));
  for (std::size_t l = 0; l < e.layers.size(); ++l) layers.push_back(json_of_layer(e, l));
  for (const Ablation& part : e.ablations) {
    parts.push_back({{"name", part.name},
                     {"before", json_of(part.before)},
                     {"after", part.after ? json_of(*part.after) : Json(nullptr)},
                     {"from", part.from},
                     {"steps", part.steps},
                     {"converged", part.converged},
                     {"failure", part.failure}});
  }
  if (e.noise_probe) {
    Json list = Json::array();
    for (const NoiseProbe& p : e.noise_probe->layers) list.push_back(json_of(p));
    probe = {{"layers", list}, {"residuals", json_of(e.noise_probe->residuals)}};
  }
  return {{"network",
           {{"kind", name_of(spec.kind)},
            {"layers", spec.layers},
            {"heads", spec.heads},
            {"d", spec.d},
            {"n", e.n},
            {"tied", spec.tied}}},
          {"noise", e.noise},
          {"sigmas", e.sigmas},
          {"words", in_words(e)},
          {"adjusted", adjusted},
          {"bayes", json_of(e.bayes)},
          {"layers", layers},
          {"similarity", json_of(e.similarity)},
          {"noise_probe", probe},
          {"parts", parts},
          {"changes", changes_json(e.changes)},
          {"stability", json_of(e.stability)}};
}

// `title` has a place for the name.
StudyResult section_of(const std::string& name, fmt::format_string<const std::string&> title) {
  StudyResult section{.study = "explain-" + name};
  for (char& c : section.study) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '-') c = '-';
  }
  section.title = fmt::format(title, name);
  return section;
}

std::string with_numbers(const StudyResult& section, Json explanation) {
  Json json = Json::parse(to_json(section));
  json["explanation"] = std::move(explanation);
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

StudyResult to_study(const Changes& changes, const std::string& name,
                     const std::string& description) {
  StudyResult section = section_of(name, "What training changed in {}");
  section.caption = description;
  add_changes(changes, section);
  return section;
}

StudyResult to_study(const Explanation& e, const std::string& name) {
  StudyResult section = section_of(name, "What {} computes");
  section.caption = fmt::format(
      "A trained network of kind {} with {} layers, taken apart on fresh prompts, sigma {}.",
      name_of(e.network.kind), e.network.layers, e.noise);
  const RunningMean& gap = e.model_minus_bayes;
  section.claims.push_back(
      {.text = "No better than the Bayes posterior mean, beyond four standard errors",
       .holds = std::isnan(gap.mean()) ? std::nullopt
                                       : std::optional(gap.mean() >= -4 * gap.standard_error()),
       .detail = fmt::format("loss minus that of Bayes {:.4g} +- {:.2g}, on {} prompts", gap.mean(),
                             gap.standard_error(), e.eval_prompts)});
  section.tables = {words_table(e), weights_table(e), matches_table(e), parts_table(e),
                    definitions_table()};
  section.figures = {progress_figure(e), readings_figure(e), similarity_figure(e)};
  add_changes(e.changes, section);
  if (!e.layers.front().heads.empty()) section.figures.push_back(weights_figure(e));
  return section;
}

std::string to_json(const Explanation& explanation, const StudyResult& section) {
  return with_numbers(section, json_of(explanation));
}

std::string to_json(const Changes& changes, const StudyResult& section) {
  return with_numbers(section, {{"changes", changes_json(changes)}});
}

}  // namespace gramian
