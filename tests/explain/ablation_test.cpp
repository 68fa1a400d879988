#include "gramian/explain/ablation.h"

#include <gtest/gtest.h>

#include "gramian/explain/weights.h"
#include "gramian/theory/constructions.h"
#include "gramian/training/retraining.h"
#include "tests/support/files.h"
#include "tests/support/networks.h"

namespace gramian::test {
namespace {

const Network& diagonal() {
  static const Network network =
      network_of(std::vector<Omega>{{.xx = -0.05, .xy = 0.04, .yx = -0.5, .yy = 0.01},
                                    {.xx = -0.04, .yx = -0.4, .yy = -0.03}},
                 4, ContextScale::mean);
  return network;
}

const Restriction& named(const std::vector<Restriction>& list, std::string_view name) {
  for (const Restriction& r : list) {
    if (r.name == name) return r;
  }
  ADD_FAILURE() << "no restriction " << name;
  return list.front();
}

TEST(Ablation, PartsAreSetToZeroInEveryLayer) {
  const auto list = restrictions(diagonal());
  EXPECT_EQ(list.size(), 5u);
  EXPECT_EQ(list.front().network.theta, diagonal().theta);
  EXPECT_EQ(named(list, "without omega_xy").network.theta,
            (std::vector<double>{-0.05, 0, -0.5, 0.01, -0.04, 0, -0.4, -0.03}));
  EXPECT_EQ(named(list, "without omega_yy").network.theta,
            (std::vector<double>{-0.05, 0.04, -0.5, 0, -0.04, 0, -0.4, 0}));
  EXPECT_EQ(named(list, "without omega_xx").network.theta,
            (std::vector<double>{0, 0.04, -0.5, 0.01, 0, 0, -0.4, -0.03}));
}

TEST(Ablation, OfAFullNetworkThatIsDiagonalTheNearestCostsNothing) {
  const RegressionTask task = small_task(4, 12, uniform(0, 2));
  ThreadPool pool(2);
  const auto parts =
      ablate(task, in_disguise(diagonal()), {}, {.steps = 0}, {.prompts = 2000}, pool);
  ASSERT_TRUE(parts);
  const Ablation& nearest = (*parts)[2];
  EXPECT_EQ(nearest.name, "nearest DIAG");
  EXPECT_NEAR(nearest.before.mean(), parts->front().before.mean(), 1e-12);
  EXPECT_FALSE(nearest.after);
  // Heads of diagonal matrices have nothing off the diagonal.
  EXPECT_NEAR((*parts)[1].before.mean(), parts->front().before.mean(), 1e-12);
}

TEST(Ablation, OffTheDiagonalOfFullWeightsNothingIsKept) {
  const Network network = random_full(3, 2, 2, 8, 0.3);
  const Restriction r = restrictions(network)[1];
  for (std::size_t i = 0; i < network.theta.size(); ++i) {
    const std::size_t row = i % 16 / 4, column = i % 4;
    EXPECT_EQ(r.keep[i], row == column);
    EXPECT_EQ(r.network.theta[i], row == column ? network.theta[i] : 0);
  }
}

TEST(Ablation, RetrainingKeepsTheZerosAndLowersTheLoss) {
  const RegressionTask task = small_task(4, 12, uniform(0, 2));
  ThreadPool pool(2);
  TrainSpec trained;
  trained.batch = 256;
  const auto list = restrictions(diagonal());
  const Restriction& r = named(list, "without omega_yy");
  const auto network = retrain(task, r.network, r.keep, retraining(trained, 60), pool);
  ASSERT_TRUE(network);
  for (std::size_t i = 0; i < r.keep.size(); ++i) {
    if (i == 4 || i == 5) continue;  // omega_xx and omega_xy of the last layer have no gradient
    if (r.keep[i]) {
      EXPECT_NE(network->theta[i], r.network.theta[i]) << i;
    } else {
      EXPECT_EQ(network->theta[i], 0) << i;
    }
  }
  const EvalSpec spec{.prompts = 4000};
  const auto before = adjusted_losses(task, r.network, spec, pool),
             after = adjusted_losses(task, *network, spec, pool);
  ASSERT_TRUE(before && after);
  EXPECT_LT(after->back().mean(), before->back().mean() - 3 * before->back().standard_error());
  ASSERT_EQ(before->size(), 2u);
}

// The search comes near the optimum of the family, from a network that is far from it, and never
// below it: with one layer all families without omega_yx have the closed form of a step of gradient
// descent, with GD++ it is computed, and what is cut without training is worse.
TEST(Ablation, FindsTheOptimumOfAFamilyThatIsKnown) {
  const RegressionTask task = small_task(4, 12, uniform(0, 2));
  ThreadPool pool(2);
  TrainSpec trained;
  trained.batch = 256;
  const Network one = network_of(
      std::vector<Omega>{{.xx = -0.05, .xy = 0.04, .yx = -0.1, .yy = 0.01}}, 4, ContextScale::mean);
  const EvalSpec spec{.prompts = 4000, .seed = 9};
  const auto parts = ablate(task, one, trained, {.steps = 100, .starts = 2}, spec, pool);
  ASSERT_TRUE(parts) << message_of(parts);
  // Step n / (n + d + 1 + E sigma^2) for G/n (theory: one layer), E sigma^2 = 4/3.
  const double step = 12 / (12 + 4 + 1 + 4.0 / 3);
  const Network best = network_of(std::vector<Omega>{{.yx = -step}}, 4, ContextScale::mean);
  const auto least = adjusted_losses(task, best, spec, pool);
  ASSERT_TRUE(least);
  for (const Ablation& part : *parts) {
    if (part.name == "as trained" || part.name.starts_with("without omega_yy")) continue;
    ASSERT_TRUE(part.after) << part.name << ": " << part.failure;
    EXPECT_LT(part.after->mean(), 1.01 * least->back().mean()) << part.name << " " << part.from;
    EXPECT_GT(part.after->mean(), 0.98 * least->back().mean()) << part.name;
    EXPECT_GT(part.before.mean(), 1.2 * part.after->mean()) << part.name;
  }
  const Ablation& gdpp = (*parts)[3];
  EXPECT_EQ(gdpp.name, "without omega_xy and omega_yy (GD++)");
  EXPECT_TRUE(gdpp.converged);
}

// A network that explodes when it is cut is not where its family ends.
TEST(Ablation, AFreshStartWinsWhereTheCutNetworkIsLost) {
  const RegressionTask task = small_task(4, 12, uniform(0, 2));
  ThreadPool pool(2);
  TrainSpec trained;
  trained.batch = 256;
  const Network lost = network_of(
      std::vector<Omega>{{.xx = -9, .xy = 5, .yx = 40, .yy = 3}, {.xx = 8, .yx = 30, .yy = 7}}, 4,
      ContextScale::mean);
  const auto parts =
      ablate(task, lost, trained, {.steps = 60, .starts = 2, .rounds = 1}, {.prompts = 1000}, pool);
  ASSERT_TRUE(parts) << message_of(parts);
  const Ablation& without = (*parts)[1];
  EXPECT_EQ(without.name, "without omega_xy");
  EXPECT_EQ(without.from, "gradient descent, seed 1");
  EXPECT_FALSE(without.converged);
  EXPECT_LT(without.after->mean(), 2);  // predicting zero has 2
}

TEST(Ablation, TiedLayersLoseTheirOneSetOfWeights) {
  Network tied = diagonal();
  tied.spec.tied = true;
  tied.theta.resize(4);
  for (const Restriction& r : restrictions(tied)) EXPECT_EQ(r.network.theta.size(), 4u);
}

TEST(Ablation, StopsWhenAsked) {
  const RegressionTask task = small_task(4, 12, uniform(0, 2));
  ThreadPool pool(1);
  const auto parts = ablate(task, diagonal(), {}, {.steps = 0}, {.prompts = 100}, pool,
                            [](std::uint64_t done, std::uint64_t) { return done < 2; });
  ASSERT_FALSE(parts);
  EXPECT_EQ(parts.error().kind, ErrorKind::interrupted);
}

}  // namespace
}  // namespace gramian::test
