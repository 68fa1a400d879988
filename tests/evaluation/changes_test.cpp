// What training changed and what pruning costs, of systems where both are known.
#include "gramian/evaluation/changes.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/theory/constructions.h"
#include "tests/support/errors.h"
#include "tests/support/networks.h"

namespace gramian::test {
namespace {

// The loss is the sum of squares of the weights, one prompt; retraining doubles what is kept.
TrainedSystem sum_of_squares(std::vector<double> start, std::vector<double> trained) {
  TrainedSystem system{.trained = std::move(trained), .start = std::move(start)};
  system.loss_name = "sum of squares";
  system.loss = [](const std::vector<double>& theta,
                   const ProgressFunction&) -> Expected<RunningMean> {
    double sum = 0;
    for (const double t : theta) sum += t * t;
    RunningMean mean;
    mean.add(sum);
    return mean;
  };
  system.retrain = [](const std::vector<double>& theta, const std::vector<bool>& keep,
                      std::int64_t steps,
                      const ProgressFunction&) -> Expected<std::vector<double>> {
    if (steps == 13) return fail(ErrorKind::numeric, "diverged on purpose");
    std::vector<double> more = theta;
    for (std::size_t i = 0; i < more.size(); ++i) more[i] *= keep[i] ? 2 : 1;
    return more;
  };
  return system;
}

// [4, 4] with the singular values 4, 3, 2, 1, after a bias of 10.
TrainedSystem four_singular_values() {
  std::vector<double> trained(17, 0.0);
  trained[0] = 10;
  for (int i = 0; i < 4; ++i) trained[static_cast<std::size_t>(1 + 5 * i)] = 4 - i;
  TrainedSystem system = sum_of_squares(std::vector<double>(17, 0.0), trained);
  system.matrices = {{"W", 1, 4, 4}};
  return system;
}

TEST(Changes, TruncateToTheLargestSingularValues) {
  const auto changes = examine_changes(four_singular_values(), {.retrain_steps = 0});
  ASSERT_TRUE(changes);
  EXPECT_EQ(changes->loss_name, "sum of squares");
  EXPECT_EQ(changes->trained.mean(), 130);
  ASSERT_EQ(changes->updates.size(), 1u);
  EXPECT_EQ(changes->updates[0].name, "W");
  ASSERT_EQ(changes->truncations.size(), 4u);  // ranks 0, 1, 2, 4; the bias stays
  const double losses[] = {100, 116, 125, 130};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(changes->truncations[i].rank, i == 3 ? 4 : static_cast<int>(i));
    EXPECT_NEAR(changes->truncations[i].loss.mean(), losses[i], 1e-9);
  }
}

TEST(Changes, PruneEntriesOfMatricesAndNothingElse) {
  const auto changes = examine_changes(four_singular_values(), {.retrain_steps = 5});
  ASSERT_TRUE(changes);
  ASSERT_EQ(changes->pruning.size(), 8u);
  // Of 16 entries twelve are zero, and go first: 14 of 16 are 90%.
  const double before[] = {130, 130, 130, 125}, after[] = {520, 520, 520, 500};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_FALSE(changes->pruning[i].at_random);
    EXPECT_EQ(changes->pruning[i].before.mean(), before[i]) << i;
    ASSERT_TRUE(changes->pruning[i].after);
    EXPECT_EQ(changes->pruning[i].after->mean(), after[i]) << i;
    EXPECT_TRUE(changes->pruning[4 + i].at_random);
    EXPECT_GE(changes->pruning[4 + i].before.mean(), 100);
  }
  EXPECT_LT(changes->pruning[7].before.mean(), 130);  // at random something is lost
}

TEST(Changes, WithoutAStartSayNothingOfIt) {
  TrainedSystem system = four_singular_values();
  system.start.clear();
  const auto changes = examine_changes(system, {.retrain_steps = 0});
  ASSERT_TRUE(changes);
  EXPECT_TRUE(changes->updates.empty());
  EXPECT_TRUE(changes->truncations.empty());
  EXPECT_EQ(changes->pruning.size(), 8u);
  EXPECT_FALSE(changes->pruning[0].after);
  EXPECT_EQ(changes->pruning[0].failure, "");
}

// Without matrices every weight counts: half of 1, 2, 3, 4 leaves 9 + 16.
TEST(Changes, WithoutMatricesPruneAllWeights) {
  const auto changes =
      examine_changes(sum_of_squares({0, 0, 0, 0}, {1, -2, 3, 4}), {.retrain_steps = 0});
  ASSERT_TRUE(changes);
  EXPECT_TRUE(changes->updates.empty());
  EXPECT_EQ(changes->pruning[1].before.mean(), 25);
}

TEST(Changes, KeepTheReasonOfAFailureAndStopWhenTold) {
  const auto failed = examine_changes(four_singular_values(), {.retrain_steps = 13});
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->pruning[3].failure, "diverged on purpose");
  EXPECT_FALSE(failed->pruning[3].after);
  for (const std::uint64_t last : {0, 3, 12}) {
    std::uint64_t total = 0;
    const auto stopped =
        examine_changes(four_singular_values(), {}, [&](std::uint64_t done, std::uint64_t all) {
          total = all;
          return done < last;
        });
    EXPECT_TRUE(is_error(stopped, ErrorKind::interrupted, {"of 13 networks"})) << last;
    EXPECT_EQ(total, 13u);  // the network, four ranks, eight times pruned
  }
}

// A step of gradient descent as P and Q has nearly all of its weights at zero: what is pruned first
// costs nothing, and everything at random costs something. Rank 0 of its change is the start.
TEST(Changes, OfANetworkOnGramMatrices) {
  const Network descent =
      in_disguise(network_of(constructions::gradient_descent(1, 0.35), 4, ContextScale::mean));
  const Network start = random_full(4, 1, 2, 5, 0.1);
  const RegressionTask task = small_task(4, 12, uniform(0, 1));
  TrainSpec trained;
  trained.batch = 64;
  const EvalSpec spec{.prompts = 500};
  ThreadPool pool(1);
  const TrainedSystem system = gram_system(task, descent, trained, start.theta, spec, pool);
  const auto changes = examine_changes(system, {.retrain_steps = 2});
  ASSERT_TRUE(changes);
  const auto loss = [&](const Network& network) {
    return adjusted_losses(task, network, spec, pool).value().back().mean();
  };
  EXPECT_EQ(changes->trained.mean(), loss(descent));
  ASSERT_EQ(changes->updates.size(), 4u);
  EXPECT_EQ(changes->updates[3].name, "layer 1, Q of head 2");
  ASSERT_EQ(changes->truncations.size(), 5u);  // 0, 1, 2, 4 and 5
  EXPECT_EQ(changes->truncations.front().loss.mean(), loss(start));
  EXPECT_NEAR(changes->truncations.back().loss.mean(), loss(descent), 1e-9);
  EXPECT_NEAR(changes->pruning[0].before.mean(), loss(descent), 1e-9);
  EXPECT_NEAR(changes->pruning[1].before.mean(), loss(descent), 1e-9);  // a half
  EXPECT_GT(changes->pruning[7].before.mean(), loss(descent));
  EXPECT_TRUE(changes->pruning[7].after);

  std::vector<bool> keep(descent.theta.size(), true);
  std::vector<double> theta = start.theta;
  keep[26] = false;  // in Q of the first head
  theta[26] = 0;
  const auto rest = system.retrain(theta, keep, 2, {});
  ASSERT_TRUE(rest);
  EXPECT_EQ((*rest)[26], 0);
  EXPECT_NE((*rest)[27], theta[27]);
}

}  // namespace
}  // namespace gramian::test
