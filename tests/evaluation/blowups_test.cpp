// Counting rare prompts: the same as evaluate counts, on any number of threads.
#include "gramian/evaluation/blowups.h"

#include <gtest/gtest.h>

#include "tests/evaluation/predictors.h"
#include "tests/solvers/prompts.h"

namespace gramian::test {
namespace {

TEST(BlowUps, CountIsThatOfEvaluate) {
  const RegressionTask task = make_task(20, 10, NoisePrior::uniform(0, 5).value());
  const EvalSpec spec{.prompts = 20'011, .seed = 7, .tuning_prompts = 1'000};
  ThreadPool one(1), three(3);
  FunctionPredictor model = one_step(0.2, 2);  // far too long a step
  Baselines baselines = tune_baselines(task, task.spec().noise, spec, one);
  baselines.blowup_threshold = 400;
  const EvalResult result = evaluate(task, baselines, &model, spec, one).value();
  const auto count =
      count_blowups(task, model, 400, {.seed = spec.seed, .count = spec.prompts}, three).value();
  EXPECT_EQ(count.prompts, spec.prompts);
  EXPECT_GT(count.count, 100u);
  EXPECT_EQ(count.count, result.blowups.count);
  EXPECT_GT(count.largest, 400);
  EXPECT_EQ(count_blowups(task, model, 400, {.seed = spec.seed, .count = spec.prompts}, one)
                .value()
                .largest,
            count.largest);
}

TEST(BlowUps, WhatIsNotANumberCounts) {
  const RegressionTask task = make_task(20, 10, NoisePrior::constant(1).value());
  FunctionPredictor model(1, [](const PromptBlock<double>&, int lane, int, std::vector<double>& w) {
    w.assign(w.size(), lane == 3 ? std::nan("") : 0.0);
  });
  ThreadPool pool(2);
  const auto count = count_blowups(task, model, 1e9, {.seed = 1, .count = 160}, pool).value();
  EXPECT_EQ(count.count, 10u);
  EXPECT_TRUE(std::isinf(count.largest));
}

TEST(BlowUps, StopsWhenAsked) {
  const RegressionTask task = make_task(20, 10, NoisePrior::constant(1).value());
  FunctionPredictor model = one_step(0.02);
  ThreadPool pool(1);
  const auto stopped = count_blowups(task, model, 1, {.seed = 1, .count = 1'000'000}, pool,
                                     [](std::uint64_t, std::uint64_t) { return false; });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::interrupted);
}

}  // namespace
}  // namespace gramian::test
