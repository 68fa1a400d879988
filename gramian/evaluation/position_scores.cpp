#include "gramian/evaluation/position_scores.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "gramian/evaluation/estimate_json.h"

namespace gramian {

namespace {

// The positions of the table, from 0.
std::vector<std::size_t> shown_positions(std::size_t positions) {
  std::vector<std::size_t> shown;
  for (const std::size_t t : {1u, 2u, 3u, 5u, 10u, 20u, 50u, 100u, 200u, 500u, 1000u, 2000u}) {
    if (t < positions) shown.push_back(t - 1);
  }
  shown.push_back(positions - 1);
  return shown;
}

}  // namespace

Expected<PositionScores> position_scores(const TokenTask& task, const Transformer& transformer,
                                         std::uint64_t prompts, std::uint64_t seed,
                                         ThreadPool& pool, const ProgressFunction& progress) {
  PositionScores scores{.prompts = prompts};
  std::vector<NamedPredictor> predictors{{"model", predictor(task, transformer)}};
  if (SequenceBaselines::fit(task)) {
    scores.tuned = SequenceBaselines::tune(task, PositionScores::kTuningPrompts, seed, pool);
    for (NamedPredictor& one : scores.tuned->predictors(task)) predictors.push_back(std::move(one));
  } else {
    predictors.push_back({"zero", zero_predictor(task)});
  }
  for (const NamedPredictor& one : predictors) scores.names.push_back(one.name);
  scores.losses = GRAMIAN_TRY(position_losses(task, predictors, prompts, seed, pool, progress));
  return scores;
}

std::string position_table(const PositionScores& scores) {
  const bool is_classes = scores.losses.front().right.count() > 0;
  std::string text = fmt::format("{:<14} {:>22}", "", "loss");
  if (is_classes) text += fmt::format(" {:>18}", "right");
  const auto shown = shown_positions(scores.losses.front().positions.size());
  for (const std::size_t t : shown) text += fmt::format(" {:>10}", fmt::format("t = {}", t + 1));
  text += '\n';
  for (std::size_t i = 0; i < scores.names.size(); ++i) {
    const PositionLosses& of = scores.losses[i];
    text += fmt::format("{:<14} {:>22}", scores.names[i],
                        fmt::format("{:.5g} +- {:.1g}", of.loss.mean(), of.loss.standard_error()));
    if (is_classes) {
      text += fmt::format(
          " {:>18}", fmt::format("{:.4f} +- {:.1g}", of.right.mean(), of.right.standard_error()));
    }
    for (const std::size_t t : shown) {
      const RunningMean& at = of.positions[t];
      text += at.count() > 0 ? fmt::format(" {:>10.3g}", at.mean()) : fmt::format(" {:>10}", "-");
    }
    text += '\n';
  }
  if (scores.tuned) {
    text += fmt::format(
        "\ntuned: step {:.4g} of descent; ridge {:g} and {} observation{} back of "
        "least-squares\n",
        scores.tuned->step(), scores.tuned->ridge, scores.tuned->lags,
        scores.tuned->lags > 1 ? "s" : "");
  }
  return text;
}

std::string position_json(const PositionScores& scores) {
  nlohmann::ordered_json json{{"prompts", scores.prompts},
                              {"adjusted", nlohmann::ordered_json::object()},
                              {"loss", nlohmann::ordered_json::object()},
                              {"positions", nlohmann::ordered_json::object()}};
  for (std::size_t i = 0; i < scores.names.size(); ++i) {
    json["loss"][scores.names[i]] = estimate_json(scores.losses[i].loss);
    if (scores.losses[i].right.count() > 0)
      json["right"][scores.names[i]] = estimate_json(scores.losses[i].right);
    auto& positions = json["positions"][scores.names[i]] = nlohmann::ordered_json::array();
    for (const RunningMean& at : scores.losses[i].positions) positions.push_back(estimate_json(at));
  }
  if (scores.tuned) {
    json["tuned"] = {{"step", scores.tuned->step()},
                     {"ridge", scores.tuned->ridge},
                     {"lags", scores.tuned->lags}};
  }
  return json.dump(2) + "\n";
}

std::string_view formula_of(const Answers& answers) {
  return answers.kind == AnswerKind::classes
             ? "the mean over positions of -log of the share of the class"
             : "the mean over positions of 1/2 |prediction - target|^2";
}

}  // namespace gramian
