// Losses after each layer and alignment, against evaluate and against predictors of known
// difference.
#include "gramian/evaluation/alignment.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/evaluation/blowups.h"
#include "tests/evaluation/predictors.h"
#include "tests/solvers/prompts.h"

namespace gramian::test {
namespace {

RegressionTask skewed_task() {
  TaskSpec spec;
  spec.d = 3;
  spec.n = 7;
  spec.covariance = {2, 0.5, 0, 0.5, 1, 0.2, 0, 0.2, 0.5};
  spec.weights = WeightLaw::inverse_covariance;
  return RegressionTask::create(spec).value();
}

TEST(Compare, LayerLossesAreThoseOfEvaluate) {
  const RegressionTask task = skewed_task();
  FunctionPredictor model = one_step(0.02, 3);
  ThreadPool one(1), three(3);
  const EvalSpec spec{.prompts = 2'003, .seed = 7, .tuning_prompts = 500};
  const Baselines baselines = tune_baselines(task, task.spec().noise, spec, one);
  const EvalResult expected = evaluate(task, baselines, &model, spec, one).value();
  const auto losses = layer_losses(task, model, spec.prompts, spec.seed, three);
  ASSERT_EQ(losses.size(), 3u);
  for (std::size_t l = 0; l < 3; ++l) {
    EXPECT_NEAR(losses[l].loss.mean(), expected.layers[l].loss.mean(), 1e-12);
    EXPECT_GT(losses[l].median, 0);
    EXPECT_LT(losses[l].median, losses[l].loss.mean());  // squares are skewed
    EXPECT_EQ(losses[l].loss.mean(),
              layer_losses(task, model, spec.prompts, spec.seed, one)[l].loss.mean());
  }
  // So are those that are counted for blow-ups.
  const auto count =
      count_blowups(task, model, 1e9, {.seed = spec.seed, .count = spec.prompts}, one).value();
  EXPECT_NEAR(count.loss.mean(), losses[2].loss.mean(), 1e-12);
}

TEST(Compare, OnePromptThatExplodesMovesTheMeanOnly) {
  FunctionPredictor model(1, [](const PromptBlock<double>&, int lane, int, std::vector<double>& w) {
    w.assign(w.size(), lane == 3 ? std::nan("") : 0.0);
  });
  ThreadPool pool(2);
  const auto losses = layer_losses(skewed_task(), model, 320, 1, pool);
  EXPECT_TRUE(std::isinf(losses[0].loss.mean()));
  EXPECT_TRUE(std::isfinite(losses[0].median));
}

TEST(Compare, AlignmentOfKnownPredictors) {
  const RegressionTask task = skewed_task();
  ThreadPool one(1), three(3);
  FunctionPredictor model = one_step(0.1), twice = one_step(0.2);
  // The same direction, twice as long: the difference is the model itself.
  const Alignment a = align(task, model, twice, 1, 1'001, 5, three);
  EXPECT_NEAR(a.cosine.mean(), 1, 1e-12);
  FunctionPredictor zero(
      1, [](const PromptBlock<double>&, int, int, std::vector<double>& w) { w.assign(3, 0.0); });
  const Alignment b = align(task, model, zero, 1, 1'001, 5, one);
  EXPECT_NEAR(b.sensitivity.mean(), a.sensitivity.mean(), 1e-12);
  EXPECT_NEAR(b.prediction.mean(), a.prediction.mean(), 1e-12);
  EXPECT_EQ(b.cosine.count(), 0u);
  EXPECT_EQ(b.loss.count(), 1'001u);
  const auto loss = layer_losses(task, model, 1'001, 5, one)[0].loss.mean();
  EXPECT_NEAR(a.loss.mean(), loss, 1e-12);
  EXPECT_EQ(align(task, model, model, 1, 64, 5, one).sensitivity.mean(), 0);
  // Predictors that are linear in the targets scale with them.
  const Alignment c = align(task, model, zero, 3, 1'001, 5, one);
  EXPECT_NEAR(c.sensitivity.mean(), 3 * b.sensitivity.mean(), 1e-12 * c.sensitivity.mean());
  EXPECT_NEAR(c.loss.mean(), 9 * b.loss.mean(), 1e-11 * c.loss.mean());
}

}  // namespace
}  // namespace gramian::test
