#include "gramian/evaluation/table.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "gramian/base/json_number.h"
#include "gramian/evaluation/estimate_json.h"

namespace gramian {
namespace {

using Json = nlohmann::ordered_json;

// The model, if there is one, then the solvers.
std::vector<const Score*> rows(const EvalResult& result) {
  std::vector<const Score*> scores;
  if (result.has_model()) scores.push_back(&result.model());
  for (const Score& solver : result.solvers) scores.push_back(&solver);
  return scores;
}

double per_million(const EvalResult& result, double count) {
  return 1e6 * count / static_cast<double>(result.prompts);
}

Interval per_million_interval(const EvalResult& result) {
  const auto [low, high] = poisson_interval(result.blowups.count);
  return {per_million(result, low), per_million(result, high)};
}

Json estimate(const RunningMean& mean, const std::string& undefined = {}) {
  Json json = estimate_json(mean);
  if (!undefined.empty()) {
    json["note"] = fmt::format("undefined: {}", undefined);
  } else if (std::isinf(mean.mean())) {
    json["note"] = "infinite: the loss of a prompt left the finite numbers";
  } else if (mean.count() < 2) {
    json["note"] = "too few prompts for a standard error";
  }
  return json;
}

// {"adjusted": {..}, "loss": {..}}, one key for each row.
void add_losses(const EvalResult& result, Json& json) {
  Json adjusted = Json::object();
  Json loss = Json::object();
  for (const Score* score : rows(result)) {
    adjusted[score->name] = estimate(score->adjusted, score->undefined);
    loss[score->name] = estimate(score->loss, score->undefined);
  }
  json["adjusted"] = std::move(adjusted);
  json["loss"] = std::move(loss);
}

Json layers(const EvalResult& result) {
  Json list = Json::array();
  for (const Score& layer : result.layers) {
    list.push_back({{"layer", list.size() + 1},
                    {"adjusted", estimate(layer.adjusted)},
                    {"loss", estimate(layer.loss)}});
  }
  return list;
}

// Of one prompt: divided by a number of prompts it is the covariance of means over so many. Null
// where a loss was not finite.
Json covariance(const JointLosses& joint) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < joint.names.size(); ++i) {
    Json row = Json::array();
    for (std::size_t j = 0; j < joint.names.size(); ++j)
      row.push_back(number_or_null(joint.adjusted.covariance(i, j)));
    rows.push_back(std::move(row));
  }
  return {{"of", joint.names}, {"adjusted", std::move(rows)}};
}

std::string with_error(const RunningMean& mean) {
  return fmt::format("{:>11.5g} ± {:<8.2g}", mean.mean(), mean.standard_error());
}

std::string constants_line(const Score& score) {
  std::string line;
  for (const auto& [name, value] : score.constants) {
    line += fmt::format("{}{} = {:.4g}", line.empty() ? "" : ", ", name, value);
  }
  return line;
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  line += '\n';
  return line;
}

constexpr int kEstimateWidth = 22;  // of with_error

std::string profile_table(std::span<const ProfilePoint> points) {
  std::string header = fmt::format("{:>8}", "sigma");
  for (const Score* score : rows(points.front().result)) {
    if (score->undefined.empty()) header += fmt::format("  {:>10}", score->name);
  }
  std::string text = fmt::format("\nadjusted loss at each noise level\n{}\n", header);
  double largest = 0;
  for (const auto& [sigma, result] : points) {
    text += fmt::format("{:>8.4g}", sigma);
    for (const Score* score : rows(result)) {
      if (!score->undefined.empty()) continue;
      text += fmt::format("  {:>10.4g}", score->adjusted.mean());
      largest = std::max(largest, score->adjusted.standard_error());
    }
    text += "\n";
  }
  return text + fmt::format("standard errors are at most {:.2g}\n", largest);
}

}  // namespace

std::string to_json(const EvalResult& result, std::span<const ProfilePoint> profile) {
  Json json = {{"prompts", result.prompts}};
  add_losses(result, json);
  json["query"] = result.query == QueryMode::integrated ? "integrated" : "sampled";
  json["tuning_prompts"] = result.tuning_prompts;
  json["constants"] = Json::object();
  json["undefined"] = Json::object();
  for (const Score& solver : result.solvers) {
    if (!solver.undefined.empty()) json["undefined"][solver.name] = solver.undefined;
    for (const auto& [name, value] : solver.constants)
      json["constants"][solver.name][name] = number_or_null(value);
  }
  if (result.has_model()) {
    json["layers"] = layers(result);
    json["model_minus_bayes"] = estimate(result.model_minus_bayes);
    const auto [low, high] = per_million_interval(result);
    json["blowups"] = {
        {"count", result.blowups.count},
        {"per_million", per_million(result, static_cast<double>(result.blowups.count))},
        {"interval", Json::array({low, high})},
        {"threshold", number_or_null(result.blowups.threshold)},
        {"adjusted_without", estimate(result.blowups.adjusted_without)}};
  }
  if (!result.joint.names.empty()) json["covariance"] = covariance(result.joint);
  if (!profile.empty()) json["profile"] = Json::array();
  for (const auto& [sigma, point] : profile) {
    Json entry = {{"sigma", sigma}};
    add_losses(point, entry);
    if (point.has_model()) entry["layers"] = layers(point);
    json["profile"].push_back(std::move(entry));
  }
  return json.dump(2) + "\n";
}

std::string to_table(const EvalResult& result, std::span<const ProfilePoint> profile) {
  std::string text = fmt::format(
      "{} prompts, query {}, constants tuned on {} others; losses are 1/2 squared error, "
      "adjusted = minus the oracle's\n\n",
      result.prompts, result.query == QueryMode::integrated ? "integrated" : "sampled",
      result.tuning_prompts);
  text += fmt::format("{:<9}{:>{}}  {:>{}}  {}\n", "", "adjusted loss      ", kEstimateWidth,
                      "loss          ", kEstimateWidth, "tuned constants");
  for (const Score* score : rows(result)) {
    if (!score->undefined.empty()) {
      text += fmt::format("{:<9}  undefined: {}\n", score->name, score->undefined);
      continue;
    }
    text += trimmed(fmt::format("{:<9}{}  {}  {}", score->name, with_error(score->adjusted),
                                with_error(score->loss), constants_line(*score)));
  }
  if (result.has_model()) {
    text += "\nmodel read out after each layer\n";
    for (std::size_t l = 0; l < result.layers.size(); ++l) {
      text += trimmed(fmt::format("{:<9}{}  {}", l + 1, with_error(result.layers[l].adjusted),
                                  with_error(result.layers[l].loss)));
    }
    const auto [low, high] = per_million_interval(result);
    text += fmt::format("\n{:<20}{}  (paired; no model can be below 0)\n", "model minus bayes",
                        with_error(result.model_minus_bayes));
    text += fmt::format(
        "{:<20}{:>11}   {:.3g} per million, 95% interval [{:.3g}, {:.3g}]; loss over {:.4g}\n",
        "blow-ups", result.blowups.count,
        per_million(result, static_cast<double>(result.blowups.count)), low, high,
        result.blowups.threshold);
    if (result.blowups.count > 0) {
      text += trimmed(
          fmt::format("{:<20}{}", "adjusted without", with_error(result.blowups.adjusted_without)));
    }
  }
  if (!profile.empty()) text += profile_table(profile);
  return text;
}

std::string to_json(const HandMadeComparison& comparison) {
  Json json = {{"prompts", comparison.prompts},
               {"tuning_prompts", comparison.tuning_prompts},
               {"references", Json::object()},
               {"steps", Json::array()}};
  for (const Score& score : comparison.references) {
    json["references"][score.name] = estimate(score.adjusted, score.undefined);
  }
  for (const StepScores& row : comparison.rows) {
    Json entry = {
        {"steps", row.steps}, {"adjusted", Json::object()}, {"constants", Json::object()}};
    for (const Score& score : row.hand_made) {
      entry["adjusted"][score.name] = estimate(score.adjusted);
      for (const auto& [name, value] : score.constants)
        entry["constants"][score.name][name] = number_or_null(value);
    }
    if (row.model) entry["adjusted"]["model"] = estimate(row.model->adjusted);
    json["steps"].push_back(std::move(entry));
  }
  return json.dump(2) + "\n";
}

std::string to_table(const HandMadeComparison& comparison) {
  std::string text = fmt::format(
      "adjusted loss against steps, {} prompts; constants tuned on {} others for each number of "
      "steps; the best "
      "hand-made one has a *\n\n",
      comparison.prompts, comparison.tuning_prompts);
  const auto cell = [](const Score& score, bool best) {
    return fmt::format("  {:>10.4g} ± {:<7.2g}{}", score.adjusted.mean(),
                       score.adjusted.standard_error(), best ? '*' : ' ');
  };
  std::string header = fmt::format("{:<5}", "steps");
  for (const Score& score : comparison.rows.front().hand_made)
    header += fmt::format("  {:>10}{:11}", score.name, "");
  if (comparison.rows.front().model) header += fmt::format("  {:>10}", "model");
  text += trimmed(header);
  for (const StepScores& row : comparison.rows) {
    std::string line = fmt::format("{:<5}", row.steps);
    for (const Score& score : row.hand_made) line += cell(score, &score == &row.best_hand_made());
    if (row.model) line += cell(*row.model, false);
    text += trimmed(line);
  }
  text += "\n";
  for (const Score& score : comparison.references) {
    text += score.undefined.empty()
                ? trimmed(fmt::format("{:<9}{}", score.name, with_error(score.adjusted)))
                : fmt::format("{:<9}  undefined: {}\n", score.name, score.undefined);
  }
  return text;
}

}  // namespace gramian
