// What training changed and what pruning costs, on networks where both are known.
#include "gramian/explain/updates.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/theory/constructions.h"
#include "tests/explain/networks.h"

namespace gramian::test {
namespace {

// Two layers of one head; the change of the Q of layer 2 is 3 e_0 e_1^T + e_2 e_2^T.
struct Changed {
  Network start = random_full(4, 2, 1, 7, 0.1), trained = start;
  static constexpr std::size_t kSize = 25, kLastQ = 3 * kSize;
  Changed() {
    trained.theta[kLastQ + 1] += 3;
    trained.theta[kLastQ + 2 * 5 + 2] += 1;
  }
};

TEST(Updates, HaveTheSingularValuesOfTheChange) {
  const Changed c;
  const auto updates = matrix_updates(c.start, c.trained);
  ASSERT_EQ(updates.size(), 4u);
  EXPECT_EQ(updates[0].name, "layer 1, P");
  EXPECT_EQ(updates[0].rank_99, 0);
  EXPECT_EQ(updates[0].size, 0);
  EXPECT_EQ(updates[3].name, "layer 2, Q");
  EXPECT_NEAR(updates[3].sigma[0], 3, 1e-12);
  EXPECT_NEAR(updates[3].sigma[1], 1, 1e-12);
  EXPECT_NEAR(updates[3].sigma[2], 0, 1e-12);
  EXPECT_EQ(updates[3].rank_99, 2);
  double squares = 0;
  for (std::size_t i = 0; i < Changed::kSize; ++i) {
    const double w = c.start.theta[Changed::kLastQ + i];
    squares += w * w;
  }
  EXPECT_NEAR(updates[3].size, std::sqrt(10 / squares), 1e-9);
  EXPECT_EQ(matrix_updates(random_full(3, 2, 2, 1, 0.1), random_full(3, 2, 2, 2, 0.1))[5].name,
            "layer 2, Q of head 1");
}

TEST(Updates, OfKindsWithoutMatricesAreNone) {
  const Network descent =
      network_of(constructions::gradient_descent(2, 0.35), 4, ContextScale::mean);
  EXPECT_TRUE(matrix_updates(descent, descent).empty());
  ThreadPool pool(1);
  const auto costs =
      truncation_costs(small_task(4, 12, uniform(0, 1)), descent, descent, {.prompts = 100}, pool);
  ASSERT_TRUE(costs);
  EXPECT_TRUE(costs->empty());
}

TEST(Updates, TruncatedToZeroAreTheStartAndToAllAreTheNetwork) {
  const Changed c;
  EXPECT_EQ(truncated_update(c.start, c.trained, 0).theta, c.start.theta);
  for (const int rank : {2, 5}) {
    const Network whole = truncated_update(c.start, c.trained, rank);
    for (std::size_t i = 0; i < whole.theta.size(); ++i)
      EXPECT_NEAR(whole.theta[i], c.trained.theta[i], 1e-12);
  }
  const Network one = truncated_update(c.start, c.trained, 1);
  EXPECT_NEAR(one.theta[Changed::kLastQ + 1], c.trained.theta[Changed::kLastQ + 1], 1e-12);
  EXPECT_NEAR(one.theta[Changed::kLastQ + 12], c.start.theta[Changed::kLastQ + 12], 1e-12);
}

TEST(Updates, LossesGoFromThatOfTheStartToThatOfTheNetwork) {
  const Changed c;
  const RegressionTask task = small_task(4, 12, uniform(0, 1));
  const EvalSpec spec{.prompts = 200};
  ThreadPool pool(1);
  const auto costs = truncation_costs(task, c.start, c.trained, spec, pool);
  ASSERT_TRUE(costs);
  ASSERT_EQ(costs->size(), 5u);  // 0, 1, 2, 4 and 5
  EXPECT_EQ(costs->back().rank, 5);
  const auto start = adjusted_losses(task, c.start, spec, pool).value().back(),
             trained = adjusted_losses(task, c.trained, spec, pool).value().back();
  EXPECT_EQ(costs->front().adjusted.mean(), start.mean());
  EXPECT_NEAR(costs->back().adjusted.mean(), trained.mean(), 1e-9 * std::abs(trained.mean()));
}

// A step of gradient descent as P and Q has nearly all of its weights at zero: what is pruned first
// costs nothing, and everything at random costs something.
TEST(Pruning, OfWeightsThatDoNothingCostsNothing) {
  Network descent = network_of(constructions::gradient_descent(1, 0.35), 4, ContextScale::mean);
  descent = in_disguise(descent);
  const RegressionTask task = small_task(4, 12, uniform(0, 1));
  TrainSpec trained;
  trained.batch = 64;
  const EvalSpec spec{.prompts = 500};
  ThreadPool pool(1);
  const auto costs = pruning_costs(task, descent, trained, 2, spec, pool);
  ASSERT_TRUE(costs);
  ASSERT_EQ(costs->size(), 8u);
  const auto whole = adjusted_losses(task, descent, spec, pool).value().back();
  EXPECT_EQ((*costs)[0].share, 0.25);
  EXPECT_FALSE((*costs)[0].at_random);
  EXPECT_NEAR((*costs)[0].before.mean(), whole.mean(), 1e-9);
  EXPECT_NEAR((*costs)[1].before.mean(), whole.mean(), 1e-9);  // a half
  EXPECT_TRUE((*costs)[7].at_random);
  EXPECT_GT((*costs)[7].before.mean(), whole.mean());
  ASSERT_TRUE((*costs)[7].after);
  const auto none = pruning_costs(task, descent, trained, 0, spec, pool);
  ASSERT_TRUE(none);
  EXPECT_FALSE((*none)[0].after);
  const auto stop = [](std::uint64_t done, std::uint64_t) { return done < 2; };
  EXPECT_FALSE(pruning_costs(task, descent, trained, 0, spec, pool, stop));
}

}  // namespace
}  // namespace gramian::test
