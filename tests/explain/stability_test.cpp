#include "gramian/explain/stability.h"

#include <gtest/gtest.h>

#include "gramian/theory/constructions.h"
#include "tests/support/networks.h"

namespace gramian::test {
namespace {

// k steps of size eta leave (1 - eta l)^k of the error: no more than all of it up to l = 2 / eta.
TEST(Stability, GradientDescentSurvivesEigenvaluesUpToTwoOverItsStep) {
  const RegressionTask task = small_task(4, 15, uniform(0, 2));
  ThreadPool pool(1);
  for (const int steps : {1, 3}) {
    const Network network =
        network_of(constructions::gradient_descent(steps, 0.4), 4, ContextScale::mean);
    for (const Network& same : {network, in_disguise(network)}) {
      const auto s = examine_stability(task, same, 1e6, 0, 1, pool);
      ASSERT_TRUE(s);
      EXPECT_TRUE(s->limit_found);
      EXPECT_NEAR(s->limit, 5, 1e-6);
      EXPECT_FALSE(s->blowups);
    }
  }
}

TEST(Stability, ANetworkThatPredictsZeroSurvivesAll) {
  const RegressionTask task = small_task(3, 10, uniform(0, 2));
  ThreadPool pool(2);
  const Network network = network_of(std::vector<Omega>(2), 3, ContextScale::mean);
  const auto s = examine_stability(task, network, 1e6, 1000, 1, pool);
  ASSERT_TRUE(s);
  EXPECT_FALSE(s->limit_found);
  EXPECT_EQ(s->limit, Stability::kMostEigenvalue);
  ASSERT_TRUE(s->blowups);
  EXPECT_EQ(s->blowups->count, 0u);
  EXPECT_EQ(s->blowups->prompts, 1000u);
  EXPECT_LT(s->eigenvalue_median, s->eigenvalue_99);
  EXPECT_LT(s->eigenvalue_99, s->eigenvalue_most);
}

// A step that is too long for one prompt in two explodes on them, and is seen to.
TEST(Stability, ExplosionsAreCounted) {
  const RegressionTask task = small_task(3, 10, uniform(0, 2));
  ThreadPool pool(1);
  const Network network =
      network_of(constructions::gradient_descent(12, 1.5), 3, ContextScale::mean);
  const auto s = examine_stability(task, network, 100, 2000, 1, pool);
  ASSERT_TRUE(s);
  EXPECT_GT(s->blowups->count, 100u);
  EXPECT_LT(s->limit, s->eigenvalue_median);
}

TEST(Stability, WithoutUnitCovarianceNothingIsCounted) {
  const RegressionTask task =
      RegressionTask::create({.d = 2, .n = 9, .covariance = {2, 0.5, 0.5, 1}}).value();
  ThreadPool pool(1);
  const Network network =
      network_of(constructions::gradient_descent(2, 0.3), 2, ContextScale::mean);
  const auto s = examine_stability(task, network, 100, 2000, 1, pool);
  ASSERT_TRUE(s);
  EXPECT_FALSE(s->blowups);
}

}  // namespace
}  // namespace gramian::test
