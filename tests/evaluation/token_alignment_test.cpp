#include "gramian/evaluation/token_alignment.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/tasks/linear_pairs.h"
#include "gramian/theory/token_constructions.h"

namespace gramian {
namespace {

TokenTask task_of(int d, int n, TokenLayout layout) {
  TaskSpec spec;
  spec.d = d;
  spec.n = n;
  spec.inputs = InputLaw::uniform;
  spec.covariance.assign(static_cast<std::size_t>(d * d), 0.0);
  for (int i = 0; i < d; ++i) spec.covariance[static_cast<std::size_t>(i * d + i)] = 1.0 / 12;
  return TokenTask::create(linear_pairs(RegressionTask::create(spec).value()), layout).value();
}

// With its best step one step of gradient descent has loss 0.20623 for n = d =
// 10, and predicting zero 0.41667.
TEST(TokenCompare, OneStepHasItsClosedForm) {
  ThreadPool pool(2);
  for (const TokenLayout layout : {TokenLayout::joined, TokenLayout::interleaved}) {
    const TokenTask task = task_of(10, 10, layout);
    const RunningMean step = token_loss(task, descent_step(task, 6.061), 40'000, 3, pool);
    EXPECT_NEAR(step.mean(), 0.20623, 4 * step.standard_error());
    const RunningMean zero = token_loss(task, zero_predictor(task), 40'000, 3, pool);
    EXPECT_NEAR(zero.mean(), 5.0 / 12, 4 * zero.standard_error());
  }
}

// The transformer of Proposition 3 is that step: the same predictions and sensitivities.
TEST(TokenCompare, TheConstructionIsTheStep) {
  const TokenTask task = task_of(4, 6, TokenLayout::interleaved);
  const Transformer built = interleaved_descent(4, 6, 2.5);
  ThreadPool one(1), many(3);
  const Alignment a =
      align_tokens(task, predictor(task, built), descent_step(task, 2.5), 1'000, 5, one);
  EXPECT_EQ(a.loss.count(), 1'000u);
  EXPECT_NEAR(a.prediction.mean(), 0, 1e-12);
  EXPECT_NEAR(a.sensitivity.mean(), 0, 1e-12);
  EXPECT_NEAR(a.cosine.mean(), 1, 1e-12);
  const Alignment b =
      align_tokens(task, predictor(task, built), descent_step(task, 1.25), 1'000, 5, many);
  const Alignment c =
      align_tokens(task, predictor(task, built), descent_step(task, 1.25), 1'000, 5, one);
  // The loss alone, without sensitivities, has the same bits.
  EXPECT_EQ(token_loss(task, descent_step(task, 1.25), 1'000, 5, one).mean(), b.other_loss.mean());
  EXPECT_EQ(token_loss(task, predictor(task, built), 1'000, 5, many).mean(), a.loss.mean());
  EXPECT_EQ(b.sensitivity.mean(), c.sensitivity.mean());
  EXPECT_EQ(b.loss.mean(), a.loss.mean());
  EXPECT_GT(b.sensitivity.mean(), 0.01);
  EXPECT_NEAR(b.cosine.mean(), 1, 1e-12);
}

// Its first layer reads content and position of the next token; the network without attention reads
// its own alone.
TEST(TokenCompare, SensitivityOfStatesSeesTheCopyingLayer) {
  const TokenTask task = task_of(3, 4, TokenLayout::interleaved);
  const auto copying = state_sensitivity(task, interleaved_descent(3, 4, 1), 1, 20, 1);
  ASSERT_TRUE(copying);
  EXPECT_GT(copying->own, 1);
  EXPECT_GT(copying->next, 1);
  Transformer nothing = interleaved_descent(3, 4, 1);
  std::fill(nothing.theta.begin(), nothing.theta.end(), 0.0);
  const auto still = state_sensitivity(task, nothing, 1, 20, 1);
  ASSERT_TRUE(still);
  EXPECT_NEAR(still->own, std::sqrt(nothing.spec().stem.inner_width()),
              1e-12);  // the gradient of a sum of its own numbers
  EXPECT_EQ(still->next, 0);
  EXPECT_EQ(still->others, 0);
}

}  // namespace
}  // namespace gramian
