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
    m.changes.updates.push_back(
        {.name = "", .sigma = std::vector<double>(11, 1.0), .rank_99 = rank});
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
  EXPECT_NE(good[0].detail.find("7, at L = 2 on"), std::string::npos) << good[0].detail;
  const auto bad = changes_claims({network(2, {9, 9}, 1), network(3, {4, 5}, 1.2)});
  EXPECT_EQ(bad[0].holds, false);
  EXPECT_EQ(bad[2].holds, false);
  EXPECT_NE(bad[2].detail.find("1 of 2; times the loss at most 1.2, at L = 3"), std::string::npos)
      << bad[2].detail;
}

TEST(ChangesClaims, EveryLowRankIsAsked) {
  EXPECT_EQ(changes_claims({network(2, {9, 9}, 1, 2.1), network(3, {9, 9}, 1, 1e30)})[1].holds,
            true);
  const auto enough = changes_claims({network(2, {9, 9}, 1, 5), network(3, {9, 9}, 1, 2)})[1];
  EXPECT_EQ(enough.holds, false);
  EXPECT_NE(enough.detail.find("2, at rank 8, L = 3"), std::string::npos) << enough.detail;
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

TEST(ChangesClaims, OneNetworkOnAnotherProblemIsEnoughToFail) {
  MeasuredChanges other = network(4, {9, 9}, 1.3);
  other.problem = &problem_named("uniform-2");
  other.seed = 3;
  const auto claims = changes_claims({network(4, {9, 9}, 1), other});
  EXPECT_EQ(claims[0].holds, true);
  EXPECT_EQ(claims[2].holds, false);
  EXPECT_NE(claims[2].detail.find("L = 4 on sigma ~ U(0, 2), seed 3"), std::string::npos)
      << claims[2].detail;
}

TEST(ChangesDrawing, HasACellForEveryProblemAndTheSeedThatCounts) {
  MeasuredChanges spare = network(2, {3, 3}, 1.4), other = network(4, {9, 9}, 1.3);
  spare.counts = false;
  other.problem = &problem_named("uniform-2");
  const auto tables = changes_tables({spare, network(2, {5, 7}, 1.1), other});
  ASSERT_EQ(tables.size(), 7u);
  EXPECT_EQ(tables[0].rows.size(), problems().size());
  EXPECT_EQ(std::get<TableCell>(tables[0].rows[main_problem().column][2]).value, 6);
  const auto& half = tables[2].rows[other.problem->column];
  EXPECT_DOUBLE_EQ(*std::get<TableCell>(half[4]).value, 1.3);
  EXPECT_EQ(std::get<TableCell>(half[5]).note, "not trained");
  EXPECT_EQ(tables[4].rows.size(), 2u);  // every seed on the main problem

  const auto figures = changes_figures({spare, network(2, {5, 7}, 1.1), other});
  ASSERT_EQ(figures.size(), 2u);
  EXPECT_EQ(figures[0].panels[1].series.size(), 1u);
  EXPECT_EQ(figures[1].panels[2].series.size(), 2u);
}

TEST(ChangesClaims, AreNotJudgedWithoutNetworks) {
  for (const Claim& claim : changes_claims({})) EXPECT_FALSE(claim.holds.has_value());
  EXPECT_FALSE(changes_claims({network(1, {1}, 1)})[0].holds.has_value());
}

}  // namespace
}  // namespace gramian::versatile
