#include "gramian/training/optimiser.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gramian {
namespace {

TEST(Optimiser, TheRateWarmsUpAndDecays) {
  OptimiserSpec spec{.learning_rate = 2.0,
                     .final_learning_rate = 0.1,
                     .schedule = Schedule::cosine,
                     .warmup = 0.1};
  EXPECT_NEAR(learning_rate(spec, 0, 1000), 2.0 / 101, 1e-12);
  EXPECT_NEAR(learning_rate(spec, 99, 1000), 2.0 * 100 / 101, 1e-12);
  EXPECT_NEAR(learning_rate(spec, 100, 1000), 2.0, 1e-12);
  EXPECT_NEAR(learning_rate(spec, 999, 1000), 0.2, 1e-12);
  spec.schedule = Schedule::linear;
  spec.warmup = 0;
  EXPECT_NEAR(learning_rate(spec, 50, 101), 1.1, 1e-12);  // halfway between 2 and 0.2
  spec.schedule = Schedule::constant;
  EXPECT_EQ(learning_rate(spec, 100, 101), 2.0);
  EXPECT_EQ(learning_rate(spec, 0, 1), 2.0);
}

// Two steps by hand, from the definition of Adam with decoupled decay.
TEST(Optimiser, AdamWTakesTheStepsOfItsDefinition) {
  const OptimiserSpec spec{.beta1 = 0.8, .beta2 = 0.9, .epsilon = 1e-3, .weight_decay = 0.5};
  AdamState state;
  std::vector<double> theta{1.0};
  adam_step(spec, 0.1, {2.0}, state, theta);
  double expected = 1.0 - 0.1 * (2.0 / (2.0 + 1e-3) + 0.5 * 1.0);
  EXPECT_NEAR(theta[0], expected, 1e-15);
  adam_step(spec, 0.1, {-1.0}, state, theta);
  const double first = (0.8 * 0.2 * 2.0 + 0.2 * -1.0) / (1 - 0.8 * 0.8);
  const double second = (0.9 * 0.1 * 4.0 + 0.1 * 1.0) / (1 - 0.9 * 0.9);
  expected -= 0.1 * (first / (std::sqrt(second) + 1e-3) + 0.5 * expected);
  EXPECT_NEAR(theta[0], expected, 1e-15);
  EXPECT_EQ(state.step, 2);
}

TEST(Optimiser, ClipBoundsTheNormAndReportsIt) {
  std::vector<double> g{3.0, 4.0};
  EXPECT_DOUBLE_EQ(clip(1.0, g), 5.0);
  EXPECT_DOUBLE_EQ(g[0], 0.6);
  EXPECT_DOUBLE_EQ(g[1], 0.8);
  EXPECT_DOUBLE_EQ(clip(0.0, g), 1.0);
  EXPECT_DOUBLE_EQ(clip(10.0, g), 1.0);
  EXPECT_DOUBLE_EQ(g[0], 0.6);
}

}  // namespace
}  // namespace gramian
