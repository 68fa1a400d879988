// newton-fig1: encoders on logistic regression beside steps of damped Newton and gradient descent.
#include <fmt/format.h>

#include "gramian/papers/newton/draw.h"
#include "gramian/papers/newton/studies.h"

namespace gramian::newton {

namespace {

constexpr int kEncoderLayers[] = {1, 2, 4};
constexpr int kNewtonSteps = 8;

EncoderErrors encoder_errors(const Archive& archive, int layers) {
  EncoderErrors errors{.layers = layers};
  for (const Trained* trained : archive.seeds(logistic_name(layers))) {
    const Estimate& loss = trained->scores.loss.at("model");
    errors.seeds.push_back({2 * loss.mean, 2 * loss.se});
  }
  return errors;
}

Table logistic_table(const std::vector<EncoderErrors>& encoders, const LogisticSteps& steps) {
  Table table{.id = "newton-fig1",
              .title = "Squared error of <w, x_q> against the solution of logistic regression",
              .columns = {"what", "layers or steps", "error", "f(w)"},
              .rows = {},
              .notes = {"f is the regularised logistic loss on the context, a mean over prompts; "
                        "an encoder predicts for one query and has no w."}};
  for (const EncoderErrors& at : encoders) {
    table.rows.push_back(
        {"encoder", static_cast<double>(at.layers), cell_of_seeds(at.seeds), std::string("-")});
  }
  for (std::size_t t = 0; t < steps.newton.size(); ++t) {
    const auto at = static_cast<double>(t);
    table.rows.push_back({"damped Newton", at,
                          TableCell{.value = steps.newton[t].mean, .se = steps.newton[t].se},
                          steps.newton_loss[t]});
  }
  for (std::size_t t = 0; t < steps.descent.size(); ++t) {
    const auto at = static_cast<double>(t);
    table.rows.push_back({"gradient descent", at,
                          TableCell{.value = steps.descent[t].mean, .se = steps.descent[t].se},
                          steps.descent_loss[t]});
  }
  return table;
}

Figure logistic_figure(const std::vector<EncoderErrors>& encoders, const LogisticSteps& steps) {
  Panel errors{.title = "Prediction for the query",
               .x = {.label = "layers or steps"},
               .y = {.label = "squared error of <w, x_q>", .log = true}};
  Panel losses{.title = "Loss on the context",
               .x = {.label = "steps"},
               .y = {.label = "f(w) minus its minimum", .log = true}};
  const auto add = [&](const char* name, Role role, const std::vector<Estimate>& error,
                       const std::vector<double>& loss) {
    Series of_error{.name = name, .role = role}, of_loss{.name = name, .role = role};
    for (std::size_t t = 0; t < error.size(); ++t) {
      const double left = loss[t] - steps.newton_loss.back();
      if (error[t].mean > 1e-14) of_error.points.push_back(point(static_cast<double>(t), error[t]));
      if (left > 1e-14) of_loss.points.push_back({.x = static_cast<double>(t), .y = left});
    }
    errors.series.push_back(std::move(of_error));
    losses.series.push_back(std::move(of_loss));
  };
  add("damped Newton", Role::bayes, steps.newton, steps.newton_loss);
  add("gradient descent", Role::constrr, steps.descent, steps.descent_loss);
  Series trained{.name = "encoder", .role = Role::full, .mark = Mark::points};
  for (const EncoderErrors& at : encoders) {
    if (at.seeds.empty()) continue;
    const TableCell cell = cell_of_seeds(at.seeds);
    trained.points.push_back(point(at.layers, {*cell.value, cell.se.value_or(0)}));
  }
  errors.series.push_back(std::move(trained));
  return {.id = "newton-fig1",
          .title = "Logistic regression",
          .caption = "Bars are two standard errors.",
          .columns = 2,
          .panels = {std::move(errors), std::move(losses)}};
}

}  // namespace

std::vector<Cell> logistic_cells() {
  std::vector<Cell> cells;
  for (const int layers : kEncoderLayers) cells.push_back(logistic_cell(layers));
  return cells;
}

Status draw_logistic(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  std::vector<EncoderErrors> encoders;
  for (const int layers : kEncoderLayers) encoders.push_back(encoder_errors(archive, layers));
  const LogisticSteps steps = measure_logistic_steps(kNewtonSteps, prompts_for(options) / 10);
  result.claims = logistic_claims(encoders, steps);
  result.tables.push_back(logistic_table(encoders, steps));
  result.figures.push_back(logistic_figure(encoders, steps));
  return {};
}

}  // namespace gramian::newton
