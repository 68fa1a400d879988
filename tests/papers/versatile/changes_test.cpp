// The claims of the study `changes`, with numbers that make each hold and fail.
#include "gramian/papers/versatile/changes.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gramian::versatile {
namespace {

RunningMean mean_of(double value) {
  RunningMean mean;
  mean.add(value);
  return mean;
}

// A loss of 1 with all weights; P and Q with these ranks; half pruned and retrained to `after`;
// with changes of rank 8 a loss of `truncated`.
MeasuredChanges network(int layers, std::vector<int> ranks, double after, double truncated = 5) {
  MeasuredChanges m{.layers = layers};
  m.changes.trained = mean_of(1);
  for (const int rank : ranks)
    m.changes.updates.push_back({.name = "", .sigma = {}, .rank_99 = rank});
  for (const int rank : {0, 1, 8, 11})
    m.changes.truncations.push_back({rank, mean_of(rank == 1 ? 1e9 : rank == 8 ? truncated : 1)});
  for (const double share : {0.25, 0.5})
    m.changes.pruning.push_back({.share = share, .before = mean_of(9), .after = mean_of(after)});
  return m;
}

TEST(ChangesClaims, TheMedianRankIsThatOfAllMatrices) {
  EXPECT_EQ(network(1, {7}, 1).median_rank(), 7);
  EXPECT_EQ(network(1, {9, 1, 5}, 1).median_rank(), 5);
  EXPECT_EQ(network(1, {9, 1, 4, 5}, 1).median_rank(), 4.5);
}

TEST(ChangesClaims, HoldOnlyForEveryNetwork) {
  const auto good = changes_claims({network(1, {1, 1}, 1.05), network(2, {5, 9}, 1.1)});
  ASSERT_EQ(good.size(), 3u);
  EXPECT_EQ(good[0].holds, true);  // one layer is not asked
  EXPECT_EQ(good[2].holds, true);
  EXPECT_NE(good[0].detail.find("7, at L = 2"), std::string::npos) << good[0].detail;
  const auto bad = changes_claims({network(2, {9, 9}, 1), network(3, {4, 5}, 1.2)});
  EXPECT_EQ(bad[0].holds, false);
  EXPECT_EQ(bad[2].holds, false);
  EXPECT_NE(bad[2].detail.find("L = 3"), std::string::npos) << bad[2].detail;
}

TEST(ChangesClaims, EveryLowRankIsAsked) {
  EXPECT_EQ(changes_claims({network(2, {9, 9}, 1, 2.1), network(3, {9, 9}, 1, 1e30)})[1].holds,
            true);
  const auto enough = changes_claims({network(2, {9, 9}, 1, 5), network(3, {9, 9}, 1, 2)})[1];
  EXPECT_EQ(enough.holds, false);
  EXPECT_NE(enough.detail.find("at L = 3 and rank 8"), std::string::npos) << enough.detail;
  EXPECT_EQ(changes_claims({network(2, {9, 9}, 1, 1.5), network(3, {9, 9}, 1, NAN)})[1].holds,
            false);
  EXPECT_FALSE(changes_claims({network(1, {9}, 1, 1)})[1].holds.has_value());  // one layer
}

TEST(ChangesClaims, NoNumberAndNoRetrainingFail) {
  EXPECT_EQ(changes_claims({network(2, {9, 9}, NAN), network(3, {9, 9}, 1)})[2].holds, false);
  MeasuredChanges diverged = network(2, {9, 9}, 1);
  diverged.changes.pruning[1].after.reset();
  EXPECT_EQ(changes_claims({diverged, network(3, {9, 9}, 1)})[2].holds, false);
}

TEST(ChangesClaims, AreNotJudgedWithoutNetworks) {
  for (const Claim& claim : changes_claims({})) EXPECT_FALSE(claim.holds.has_value());
  EXPECT_FALSE(changes_claims({network(1, {1}, 1)})[0].holds.has_value());
}

}  // namespace
}  // namespace gramian::versatile
