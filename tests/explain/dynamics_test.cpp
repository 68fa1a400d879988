#include "gramian/explain/dynamics.h"

#include <gtest/gtest.h>

#include "gramian/explain/prompts.h"
#include "gramian/theory/constructions.h"
#include "gramian/theory/implicit.h"
#include "tests/support/networks.h"

namespace gramian::test {
namespace {

TEST(Dynamics, QuantilesLieBetweenOrderStatistics) {
  EXPECT_FALSE(quantiles({}));
  const auto one = quantiles({3});
  EXPECT_EQ(one->low, 3);
  EXPECT_EQ(one->high, 3);
  const auto q = quantiles({10, 0, 4, 2, 6, 8});
  EXPECT_DOUBLE_EQ(q->low, 1);
  EXPECT_DOUBLE_EQ(q->median, 5);
  EXPECT_DOUBLE_EQ(q->high, 9);
}

// Steps of gradient descent are read as what they are, from the omegas and from the fit, as are
// those of the same network with plain sums and as a full one.
TEST(Dynamics, GradientDescentHasItsStepAndNothingElse) {
  constexpr int kN = 20;
  const RegressionTask task = small_task(6, kN, uniform(0, 3));
  const Network mean = network_of(constructions::gradient_descent(4, 0.3), 6, ContextScale::mean);
  const Network sum = network_of(constructions::gradient_descent(4, 0.3 / kN), 6);
  for (const Network& network : {mean, sum, in_disguise(mean)}) {
    const auto readings = read_layers(task, network, {0, 2}, 40, 1);
    ASSERT_EQ(readings.size(), 4u);
    for (std::size_t l = 0; l < 4; ++l) {
      for (const Reading& r : readings[l]) {
        EXPECT_EQ(r.prompts, 40u);
        for (const double step :
             {r.step->low, r.step->high, r.plain_step->low, r.plain_step->high}) {
          EXPECT_NEAR(step, 0.3, 1e-7);
        }
        for (const auto& r2 : {r.r2, r.plain_r2, r.gradient_r2}) EXPECT_NEAR(r2->low, 1, 1e-12);
        EXPECT_LT(r.momentum_share->high, 1e-12);
        EXPECT_NEAR(r.left->low, 1, 1e-12);
        EXPECT_EQ(r.shrinkage.has_value(), l >= 1);
        EXPECT_EQ(r.size.has_value(), l >= 1);
        EXPECT_EQ(r.plain_momentum.has_value(), l >= 2);
        if (l >= 1) {
          for (const auto& q : {r.shrinkage, r.plain_shrinkage})
            EXPECT_LT(std::max(-q->low, q->high), 1e-7);
        }
        if (l >= 2) {
          EXPECT_LT(std::max(-r.plain_momentum->low, r.plain_momentum->high), 1e-6);
        }
      }
    }
  }
}

// Of a diagonal network in disguise the fit finds what the omegas say: two unknowns, and the change
// is exactly theirs.
TEST(Dynamics, AFullNetworkIsReadAsTheDiagonalOneThatItIs) {
  const RegressionTask task = small_task(5, 12, uniform(0, 2));
  const Network diag =
      network_of(std::vector<Omega>{{.xx = -0.05, .xy = 0.04, .yx = -0.5, .yy = 0.01},
                                    {.xx = -0.04, .xy = -0.03, .yx = -0.4, .yy = -0.03},
                                    {.yx = -0.7, .yy = 0.02}},
                 5, ContextScale::mean);
  const auto want = read_layers(task, diag, {1.5}, 40, 1),
             got = read_layers(task, in_disguise(diag), {1.5}, 40, 1);
  for (std::size_t l = 0; l < 3; ++l) {
    const Reading &a = want[l][0], &b = got[l][0];
    EXPECT_NEAR(b.r2->low, 1, 1e-12);
    EXPECT_NEAR(a.r2->low, 1, 1e-12);
    EXPECT_NEAR(b.step->median, a.step->median, 1e-8);
    EXPECT_NEAR(b.momentum_share->median, a.momentum_share->median, 1e-8);
    if (l > 0) {
      EXPECT_NEAR(b.shrinkage->high, a.shrinkage->high, 1e-8);
    }
    if (l > 0) {
      EXPECT_GT(a.momentum_share->median, 0.001);
    }
  }
}

// Section 5.2: the second layer shrinks by shrinkage lambda^1, prompt by prompt, and takes no step.
TEST(Dynamics, AShrinkingLayerIsReadAsTheClosedForm) {
  const RegressionTask task = small_task(4, 12, NoisePrior::constant(1.5).value());
  const Network network = network_of(constructions::shrunk_step(0.03, 0.01), 4);
  std::vector<double> shrinkage;
  for (const Prompt& prompt : draw_prompts(task, 3, PromptSet::readings, 51)) {
    const auto states = implicit_states(network, prompt.gram, 1);
    shrinkage.push_back(0.01 * moments_at(states[1], prompt.gram, 1).lambda);
  }
  const Quantiles want = *quantiles(shrinkage);
  const Reading r = read_layers(task, network, {1.5}, 51, 3)[1][0];
  for (const auto& got : {r.shrinkage, r.plain_shrinkage}) {
    EXPECT_NEAR(got->low, want.low, 1e-9);
    EXPECT_NEAR(got->median, want.median, 1e-9);
    EXPECT_NEAR(got->high, want.high, 1e-9);
  }
  EXPECT_NEAR(r.plain_step->median, 0, 1e-9);
  EXPECT_EQ(r.step->median, 0);
  EXPECT_GT(want.median, 0.1);
}

// Theorem 5.2: the shrinkage at each level is sigma^2 / (1 + s1 + s2). lambda^1 / n has a standard
// error of sigma^2 sqrt(2 / n) a prompt, and what is left of the signal is of size d / n.
TEST(Dynamics, TwoNoiseLevelsShrinkAsTheTheoremSays) {
  constexpr int kN = 20'000;
  constexpr double kLow = 0.5, kHigh = 2;
  TaskSpec spec{
      .d = 3, .n = kN, .noise = NoisePrior::categorical({kLow, kHigh}).value(), .covariance = {}};
  spec.covariance.assign(9, 0.0);
  for (std::size_t i = 0; i < 3; ++i) spec.covariance[4 * i] = 1.0 / kN;
  const RegressionTask task = RegressionTask::create(spec).value();
  const Network network = network_of(constructions::two_noise_levels(kLow, kHigh, kN), 3);
  const auto readings = read_layers(task, network, {kLow, kHigh}, 100, 1);
  for (const Reading& r : readings[1]) {
    const double s = r.sigma * r.sigma, whole = 1 + kLow * kLow + kHigh * kHigh;
    const double error = 4 * s / whole * std::sqrt(2.0 / kN) * 1.25 / 10 + 2 * 10.0 / kN;
    EXPECT_NEAR(r.shrinkage->median, s / whole, error) << r.sigma;
    EXPECT_NEAR(r.size->median, 1 - s / whole, error) << r.sigma;
  }
}

// Layers that do nothing are not read, and what they see is what the first sees.
TEST(Dynamics, ANetworkOfZerosHasNothingToRead) {
  const RegressionTask task = small_task(3, 9, uniform(0, 2));
  const Network network = network_of(std::vector<Omega>(2), 3, ContextScale::mean);
  const auto readings = read_layers(task, network, {1}, 20, 1);
  EXPECT_EQ(readings[1][0].prompts, 0u);
  EXPECT_FALSE(readings[1][0].step);
  const auto noise = read_noise(task, network, 500, 1);
  ASSERT_TRUE(noise);
  EXPECT_EQ(noise->layers[0].r2, noise->layers[1].r2);
}

// Gradient descent takes the signal out of lambda, and what is left tells of the noise: at the end
// as much as the residuals of least squares do, which explain most of it (2 d^2 / n a prompt would
// be the error of a chi square).
TEST(Dynamics, TheNoiseBecomesReadableAsTheSignalIsTakenOut) {
  const RegressionTask task = small_task(3, 30, uniform(0, 4));
  const Network network =
      network_of(constructions::gradient_descent(8, 0.6), 3, ContextScale::mean);
  const auto noise = read_noise(task, network, 2000, 1);
  ASSERT_TRUE(noise);
  EXPECT_GT(noise->residuals.r2, 0.9);
  EXPECT_LT(noise->layers.front().r2, noise->layers[7].r2);
  EXPECT_NEAR(noise->layers[7].r2, noise->residuals.r2, 0.02);
  EXPECT_FALSE(read_noise(task.with_noise(NoisePrior::constant(1).value()), network, 100, 1));
}

}  // namespace
}  // namespace gramian::test
