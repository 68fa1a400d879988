#include "gramian/evaluation/hand_made.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gramian/evaluation/network_predictor.h"
#include "gramian/evaluation/table.h"
#include "gramian/theory/constructions.h"
#include "tests/solvers/prompts.h"
#include "tests/support/files.h"

namespace gramian::test {
namespace {

EvalSpec spec_of(std::uint64_t prompts) {
  return {.prompts = prompts, .seed = 3, .tuning_prompts = 400};
}

const Score& named(const std::vector<Score>& scores, std::string_view name) {
  return *std::ranges::find(scores, name, &Score::name);
}

// The network of gradient descent with the step that the hand-made one was tuned to: the same loss
// after as many layers, on the same prompts.
TEST(HandMade, ANetworkOfGradientDescentIsGradientDescent) {
  const RegressionTask task = make_task(20, 5, kUniform5);
  ThreadPool pool(2);
  const int steps = 3;
  const auto alone = compare_with_hand_made(task, nullptr, steps, spec_of(500), pool).value();
  ASSERT_EQ(alone.rows.size(), 3u);
  EXPECT_FALSE(alone.rows[0].model);
  for (int k = 1; k <= steps; ++k) {
    const Score& descent = named(alone.rows[static_cast<std::size_t>(k - 1)].hand_made, "gd");
    EXPECT_EQ(descent.constants[0].value, k);
    const Network network =
        network_of(constructions::gradient_descent(k, descent.constants[1].value), 5);
    NetworkPredictor model(network, 20, pool.threads());
    const auto with = compare_with_hand_made(task, &model, steps, spec_of(500), pool).value();
    for (int l = 1; l <= steps; ++l)
      EXPECT_EQ(with.rows[static_cast<std::size_t>(l - 1)].model.has_value(), l <= k);
    const Score& read_out = *with.rows[static_cast<std::size_t>(k - 1)].model;
    EXPECT_NEAR(read_out.adjusted.mean(), descent.adjusted.mean(), 1e-10);
    EXPECT_NEAR(read_out.adjusted.standard_error(), descent.adjusted.standard_error(), 1e-10);
  }
}

// The solvers that gramian eval knows have the numbers that it gives them.
TEST(HandMade, ReferencesAreThoseOfTheEvaluation) {
  const RegressionTask task = make_task(20, 5, kUniform5);
  ThreadPool pool(2);
  EvalSpec spec = spec_of(300);
  spec.gd_steps = 2;
  const auto comparison = compare_with_hand_made(task, nullptr, 2, spec, pool).value();
  const Baselines baselines = tune_baselines(task, kUniform5, spec, pool);
  const EvalResult result = evaluate(task, baselines, nullptr, spec, pool).value();
  ASSERT_EQ(comparison.references.size(), 6u);
  for (std::size_t s = 0; s < 6; ++s) {
    EXPECT_EQ(comparison.references[s].name, result.solvers[s].name);
    EXPECT_EQ(comparison.references[s].loss.mean(), result.solvers[s].loss.mean());
  }
  EXPECT_EQ(named(comparison.rows[1].hand_made, "gd").loss.mean(),
            named(result.solvers, "gd").loss.mean());
  EXPECT_EQ(comparison.prompts, 300u);
  EXPECT_EQ(comparison.tuning_prompts, 400u);
}

TEST(HandMade, NoneIsBelowBayes) {
  const RegressionTask task = make_task(20, 5, kUniform5);
  ThreadPool pool(2);
  const auto comparison = compare_with_hand_made(task, nullptr, 4, spec_of(2'000), pool).value();
  const Score& bayes = comparison.references[kBayes];
  for (const StepScores& row : comparison.rows) {
    for (const Score& score : row.hand_made) {
      const double error =
          std::hypot(score.adjusted.standard_error(), bayes.adjusted.standard_error());
      EXPECT_GT(score.adjusted.mean(), bayes.adjusted.mean() - 3 * error)
          << score.name << ", " << row.steps;
      EXPECT_GE(score.adjusted.mean(), row.best_hand_made().adjusted.mean());
    }
  }
}

TEST(HandMade, SameBitsForAnyNumberOfThreads) {
  const RegressionTask task = make_task(8, 3, kUniform5);
  std::string texts[2];
  for (const int threads : {1, 3}) {
    ThreadPool pool(threads);
    texts[threads > 1] =
        to_json(compare_with_hand_made(task, nullptr, 2, spec_of(203), pool).value());
  }
  EXPECT_EQ(texts[0], texts[1]);
}

TEST(HandMade, AsJsonAndAsATable) {
  const RegressionTask task = make_task(3, 4, kUniform5);  // n < d: adarr has no residuals
  ThreadPool pool(1);
  const Network network = network_of(constructions::gradient_descent(1, 0.05), 4);
  NetworkPredictor model(network, 3, 1);
  const auto comparison = compare_with_hand_made(task, &model, 2, spec_of(64), pool).value();
  const auto json = nlohmann::json::parse(to_json(comparison));
  ASSERT_EQ(json["steps"].size(), 2u);
  EXPECT_EQ(json["steps"][1]["steps"], 2);
  EXPECT_EQ(json["steps"][0]["adjusted"].size(), 6u);  // with the model
  EXPECT_EQ(json["steps"][1]["adjusted"].size(), 5u);
  EXPECT_EQ(json["steps"][1]["constants"]["momentum"]["steps"], 2);
  EXPECT_EQ(json["steps"][0]["adjusted"]["gd"]["mean"],
            comparison.rows[0].hand_made[0].adjusted.mean());
  EXPECT_TRUE(json["references"]["adarr"]["mean"].is_null());

  const std::string table = to_table(comparison);
  for (const char* word : {"steps", "cg_ridge", "model", "bayes", "undefined: n - d", "*"}) {
    EXPECT_NE(table.find(word), std::string::npos) << word;
  }
  EXPECT_EQ(std::ranges::count(table, '*'), 3);  // one a row, and the legend
}

TEST(HandMade, CanBeInterrupted) {
  const RegressionTask task = make_task(8, 3, kUniform5);
  ThreadPool pool(1);
  const auto stopped = compare_with_hand_made(task, nullptr, 1, spec_of(100'000), pool,
                                              [](std::uint64_t, std::uint64_t) { return false; });
  EXPECT_TRUE(is_error(stopped, ErrorKind::interrupted, {"of 100000 prompts"}));
}

}  // namespace
}  // namespace gramian::test
