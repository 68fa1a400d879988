// What the studies of Giannou et al. (2024) measure, against plain computations.
#include "gramian/papers/newton/measure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "gramian/papers/newton/fitted.h"
#include "gramian/papers/newton/paper.h"
#include "gramian/solvers/logistic.h"
#include "tests/support/files.h"
#include "tests/support/results.h"

namespace gramian::newton {
namespace {

// An independent run: order 2 leaves .52, .37, .23, .12 at d = 10, n = 50, kappa = 1 with half of
// the best start.
TEST(NewtonMeasure, IterationsHaveThePublishedErrors) {
  const auto task =
      TokenTask::create(conditioned_pairs({.d = 10, .n = 50}).value(), TokenLayout::joined).value();
  const auto errors = iteration_errors(task, 3, 2'000, 0.5);
  const double published[] = {0.52, 0.37, 0.23, 0.12};
  for (std::size_t t = 0; t < 4; ++t)
    EXPECT_NEAR(errors[0].steps[t].mean, published[t], 4 * errors[0].steps[t].se + 0.006);
  EXPECT_NEAR(errors[1].steps[1].mean, 0.28, 4 * errors[1].steps[1].se + 0.006);
  EXPECT_EQ(errors.back().order, 0);
  EXPECT_LT(errors.back().steps[3].mean, errors[0].steps[3].mean);
}

// A step of order 4 or 8 is two or three of order 2, and one of order 9 is two of order 3.
TEST(NewtonMeasure, HigherOrdersAreStepsOfLowerOnes) {
  const TokenTask task = task_of({});
  const int orders[] = {2, 3, 4, 8, 9};
  const auto errors = hyperpower_errors(task, orders, 4, 500);
  const auto at = [&](std::size_t list, std::size_t steps) {
    return errors[list].steps[steps].mean;
  };
  EXPECT_NEAR(at(2, 1), at(0, 2), 1e-12);
  EXPECT_NEAR(at(2, 2), at(0, 4), 1e-12);
  EXPECT_NEAR(at(3, 1), at(0, 3), 1e-12);
  EXPECT_NEAR(at(4, 1), at(1, 2), 1e-12);
}

TEST(NewtonMeasure, FittedTargetsAreThoseOfLogisticRegression) {
  const TokenTask task = logistic_task();
  EXPECT_FALSE(task.pairs().has_labels());
  TokenBlock<double> block;
  TokenSampler<double>(task).sample({.seed = 4}, 3, block);
  for (std::size_t p = 0; p < 3; ++p) {
    std::vector<double> inputs, labels;
    const auto at = [&](std::size_t j, std::size_t i) {
      return block.tokens[(j * (kLogisticD + 1) + i) * kLanes + p];
    };
    for (std::size_t j = 0; j < kLogisticN; ++j) {
      for (std::size_t i = 0; i < kLogisticD; ++i) inputs.push_back(at(j, i));
      labels.push_back(at(j, kLogisticD));
    }
    const auto f = LogisticRegression::create(inputs, labels, kMu).value();
    double target = 0;
    std::vector<double> w;
    for (std::size_t i = 0; i < kLogisticD; ++i) {
      w.push_back(block.truth[i * kLanes + p]);
      target += w[i] * at(kLogisticN, i);
    }
    for (const double slope : f.gradient(w)) EXPECT_NEAR(slope, 0, 1e-9);
    EXPECT_NEAR(block.target[p], target, 1e-14);
  }
}

TEST(NewtonMeasure, LogisticStepsConverge) {
  const LogisticSteps steps = measure_logistic_steps(8, 48);
  EXPECT_NEAR(steps.newton_loss[0], std::log(2.0), 1e-14);
  EXPECT_LT(steps.newton[8].mean, 1e-18);
  EXPECT_GT(steps.descent[8].mean, 1e3 * steps.newton[4].mean);
  const LogisticNumbers coarse = measure_logistic(16, 16).value(),
                        fine = measure_logistic(32, 16).value();
  EXPECT_GT(coarse.deviation, 3 * fine.deviation);
  EXPECT_NEAR(coarse.left[0], 1, 1e-12);
}

// A study that trains nothing is carried out, and its claims hold for what is built.
TEST(NewtonMeasure, ConstructedNetworksAreAStudyWithoutCells) {
  const test::TemporaryFolder folder;
  const auto studies = studies_of(std::array{&paper});
  ASSERT_TRUE(studies.front().cells().empty());
  const auto result = reproduce(
      studies.front(), {.directory = folder.path(), .effort = {.quick = true}, .threads = 1});
  ASSERT_TRUE(result) << result.error().message;
  test::expect_finite(*result);
  EXPECT_EQ(test::failing(result->claims), std::vector<int>{});
  EXPECT_EQ(result->claims.size(), 6u);
  EXPECT_TRUE(result->runs.empty());
}

// Linear attention on tokens is linear in the query, whatever its weights.
TEST(NewtonMeasure, LinearAttentionIsALineAlongACoordinate) {
  const TransformerSpec spec{.stem = {.tokens = kN + 1, .width = kD + 1}, .blocks = {2, Block{}}};
  const auto along = along_coordinate(Transformer::initial(spec, 0.3, 3).value(), {}, 3);
  EXPECT_LT(along.bend_outside, 1e-9);
  EXPECT_LT(along.bend_inside, 1e-9);
  EXPECT_GT(*std::ranges::max_element(along.network), 1e-6);
  EXPECT_EQ(along.c.size(), 32u);
}

}  // namespace
}  // namespace gramian::newton
