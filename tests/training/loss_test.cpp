// The loss gradient against central differences, for every query mode and metric.
#include "gramian/training/loss.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gramian {
namespace {

TEST(Loss, GradientEqualsCentralDifferences) {
  const std::vector<double> correlated{2.0, 0.5, 0.1, 0.5, 1.0, -0.3, 0.1, -0.3, 0.7};
  PromptBlock<double> block(3);
  TaskSpec spec;
  spec.d = 3;
  const auto task = RegressionTask::create(spec).value();
  PromptSampler<double>(task).sample({.seed = 1}, kLanes, block);
  std::vector<double> start(3 * kLanes);
  for (std::size_t i = 0; i < start.size(); ++i) start[i] = std::sin(static_cast<double>(i));

  for (double robust : {0.0, 1.5}) {
    for (QueryMode query : {QueryMode::integrated, QueryMode::sampled}) {
      for (const auto& covariance : {std::vector<double>{}, correlated}) {
        const LossSpec loss{.query = query, .robust = robust};
        std::vector<double> gradient = start;
        loss_gradient(loss, covariance, block, gradient.data());
        for (std::size_t i = 0; i < start.size(); ++i) {
          const auto at = [&](double shift) {
            std::vector<double> w = start;
            w[i] += shift;
            return robust_loss(
                loss_gradient(loss, covariance, block, w.data()).squared_error[i % kLanes], robust);
          };
          EXPECT_NEAR(gradient[i], (at(1e-6) - at(-1e-6)) / 2e-6, 1e-8);
        }
      }
    }
  }
}

// The loss of an evaluation and that of training go by different formulas of the same number.
TEST(Loss, ImplicitLossIsHalfTheSquaredErrorOfTraining) {
  const std::vector<double> correlated{2.0, 0.5, 0.1, 0.5, 1.0, -0.3, 0.1, -0.3, 0.7};
  for (const auto& covariance : {std::vector<double>{}, correlated}) {
    TaskSpec spec;
    spec.d = 3;
    spec.covariance = covariance;
    const auto task = RegressionTask::create(spec).value();
    PromptBlock<double> block(3);
    PromptSampler<double>(task).sample({.seed = 2}, kLanes, block);
    std::vector<double> weights(3 * kLanes);
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = std::cos(static_cast<double>(i));
    for (const QueryMode query : {QueryMode::integrated, QueryMode::sampled}) {
      std::vector<double> slopes = weights;
      const auto at = loss_gradient(LossSpec{.query = query}, covariance, block, slopes.data());
      for (std::size_t p = 0; p < kLanes; ++p) {
        const double loss = implicit_loss(task, query, block, weights.data(), p);
        EXPECT_NEAR(loss, 0.5 * at.squared_error[p], 1e-12 * (1 + loss));
      }
    }
  }
}

TEST(Loss, ARobustLossIsTheSquareForSmallErrorsAndBoundedInSlopeForLarge) {
  EXPECT_NEAR(robust_loss(1e-6, 100), 0.5e-6, 1e-13);
  EXPECT_EQ(robust_loss(7.0, 0), 3.5);
  EXPECT_LT(robust_loss(1e12, 100), 1200.0);
}

}  // namespace
}  // namespace gramian
