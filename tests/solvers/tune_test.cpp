#include "gramian/solvers/tune.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/solvers/prompts.h"

namespace gramian::test {
namespace {

TEST(MinimisePair, FollowsAValleyThatIsNoAxis) {
  // Curved, with the optimum at (2, 0.7), ten times as steep across as along.
  const auto f = [](double scale, double other) {
    const double u = std::log(scale / 2), v = other - 0.7;
    return 1 + 10 * (u + 2 * v) * (u + 2 * v) + u * u + 0.1 * v * v * v * v;
  };
  const double starts[] = {0.0, 0.3};
  const auto [scale, other] = minimise_pair(f, {1e-2, 1e2}, starts, 0.1);
  EXPECT_NEAR(scale, 2, 1e-2);
  EXPECT_NEAR(other, 0.7, 1e-2);
  EXPECT_LT(f(scale, other), 1 + 1e-6);
}

TEST(MinimisePair, TakesTheBestStartAndLeavesHolesAlone) {
  // Two basins in `other`; beyond 2 there is nothing.
  const auto f = [](double scale, double other) {
    if (other > 2) return std::numeric_limits<double>::quiet_NaN();
    const double u = std::log(scale), near = other * other + 0.5,
                 far = 4 * (other - 1.9) * (other - 1.9);
    return u * u + std::min(near, far);
  };
  const double one[] = {0.0}, two[] = {0.0, 1.7};
  EXPECT_NEAR(minimise_pair(f, {1e-2, 1e2}, one, 0.1).other, 0, 1e-2);
  EXPECT_NEAR(minimise_pair(f, {1e-2, 1e2}, two, 0.1).other, 1.9, 1e-2);
}

TEST(MinimisePair, ZeroIsACandidate) {
  const double starts[] = {0.0, 1.0};
  const auto [scale, other] =
      minimise_pair([](double x, double y) { return x + y; }, {1e-2, 1e2}, starts, 0.1);
  EXPECT_EQ(scale, 0.0);
  EXPECT_EQ(other, 0.0);
}

TEST(StepSizeRange, FollowsEigenvaluesAndNoise) {
  const RegressionTask task = make_task(20, 5, NoisePrior::constant(2).value());
  const SpectrumBatch prompts = draw_spectra(task, 50, 71);
  double largest = 0;
  for (std::size_t p = 0; p < prompts.size(); ++p) largest += prompts[p].eigenvalues.back() / 50;
  const auto [low, high] = step_size_range(prompts, 3);
  EXPECT_NEAR(high, 4 / largest, 1e-12);
  EXPECT_NEAR(low, 0.01 / (largest + 3 * 4), 1e-12);
  EXPECT_NEAR(mean_square_noise(prompts), 4, 1e-12);
}

}  // namespace
}  // namespace gramian::test
