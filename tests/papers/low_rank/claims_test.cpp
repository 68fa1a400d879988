// Claims judged by numbers: each passes where it should, and fails when its own number is off on
// one seed.
#include "gramian/papers/low_rank/claims.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/results.h"

namespace gramian::low_rank {
namespace {

using test::failing;
using List = std::vector<int>;

RankNumbers rank_numbers(int rank = 2) {
  RankNumbers numbers;
  for (UpdateNumbers& update : numbers.updates)
    update = {.sigma = {2, 1}, .energy = 0.9999, .energy_of_one = 0.7, .gap = 60, .rank = rank};
  numbers.response = {2.1, 2.0, 0.3, 0.31, 0.3};
  return numbers;
}

template <class Change>
std::vector<RankNumbers> one_of_three(Change change) {
  std::vector<RankNumbers> seeds(3, rank_numbers());
  change(seeds[1]);
  return seeds;
}

TEST(LowRankClaims, Training) {
  EXPECT_EQ(failing(training_claims({0, 1e-6})), List{});
  EXPECT_EQ(failing(training_claims({0, 2e-5})), List{0});
  EXPECT_EQ(failing(training_claims({NAN, 0})), List{0});
  EXPECT_FALSE(training_claims({})[0].holds.has_value());
}

TEST(LowRankClaims, Rank) {
  EXPECT_EQ(failing(rank_claims(one_of_three([](RankNumbers&) {}))), List{});
  EXPECT_EQ(failing(rank_claims(one_of_three([](auto& s) { s.updates[0].energy = 0.9989; }))),
            List{0});
  EXPECT_EQ(failing(rank_claims(one_of_three([](auto& s) { s.updates[3].gap = 49; }))), List{1});
  EXPECT_EQ(failing(rank_claims(one_of_three([](auto& s) { s.updates[2].energy_of_one = 0.91; }))),
            List{2});
  EXPECT_EQ(failing(rank_claims(one_of_three([](auto& s) { s.response[4] = 0.41; }))), List{3});
  EXPECT_EQ(rank_claims(one_of_three([](auto& s) { s.updates[3].gap = 49; }))[1].detail,
            "worst of 12 numbers: 49");
}

TEST(LowRankClaims, Truncation) {
  const TruncationNumbers good{.start = 1, .trained = 0, .truncated = {0.8, 0.3, 0, 0}};
  EXPECT_EQ(failing(truncation_claims({good, good})), List{});
  auto bad = good;
  bad.truncated[2] = 0.011;
  EXPECT_EQ(failing(truncation_claims({good, bad})), List{0});
  bad = good;
  bad.truncated[1] = 0.19;
  EXPECT_EQ(failing(truncation_claims({good, bad})), List{1});
}

PruningNumbers pruning_numbers() {
  PruningNumbers numbers{.small_first = std::vector<double>(kPrunedShares.size(), 0.0),
                         .large_first = std::vector<double>(kPrunedShares.size(), 0.4),
                         .random = std::vector<double>(kPrunedShares.size(), 0.2)};
  for (auto* losses : {&numbers.small_first, &numbers.large_first, &numbers.random})
    losses->front() = 0;
  for (int i = 0; i < 100; ++i) numbers.norms.push_back(i < 40 ? 0.045 : 0.45);
  return numbers;
}

TEST(LowRankClaims, Pruning) {
  const auto check = [](auto change) {
    PruningNumbers other = pruning_numbers();
    change(other);
    return failing(pruning_claims({pruning_numbers(), other}));
  };
  EXPECT_EQ(check([](auto&) {}), List{});
  EXPECT_EQ(check([](auto& s) { s.small_first[kThirty] = 0.011; }), List{0});
  EXPECT_EQ(check([](auto& s) { s.large_first[kThirty] = 0.29; }), List{1});
  EXPECT_EQ(check([](auto& s) { s.random[kThirty] = 0.41; }), List{2});
  EXPECT_EQ(check([](auto& s) { s.random[kThirty] = -0.01; }), List{2});
  EXPECT_EQ(check([](auto& s) { std::fill_n(s.norms.begin(), 29, 0.045); }), List{});
  EXPECT_EQ(check([](auto& s) { std::fill_n(s.norms.begin() + 29, 20, 0.45); }), List{3});
  EXPECT_EQ(check([](auto& s) { std::fill_n(s.norms.begin() + 40, 11, 0.2); }), List{3});
}

TEST(LowRankClaims, Attention) {
  const std::vector<GainNumbers> good{
      {.gain = 0.1, .attention = {{0.30, 0.31}, {0.30, 0.305}}, .ranks = {rank_numbers()}},
      {.gain = 1, .attention = {{0.34, 0.42}, {0.34, 0.41}}, .ranks = {rank_numbers()}}};
  EXPECT_EQ(failing(attention_claims(good)), List{});
  EXPECT_EQ(attention_claims(good)[1].detail,
            "means: gain 0.1: 0.300 to 0.307, gain 1: 0.340 to 0.415");
  auto bad = good;
  bad[0].attention[1].trained = 0.33;
  EXPECT_EQ(failing(attention_claims(bad)), List{0});
  bad = good;
  bad[1].attention[0].trained = 0.38;
  EXPECT_EQ(failing(attention_claims(bad)), List{1});
  bad = good;
  bad[1].ranks[0].updates[1].energy = 0.97;
  EXPECT_EQ(failing(attention_claims(bad)), List{2});
  bad = good;
  bad[1].ranks[0].updates[2].energy = 0.97;  // the claim is of W_Q and W_K
  EXPECT_EQ(failing(attention_claims(bad)), List{});
}

TEST(LowRankClaims, RelevantPatterns) {
  PatternNumbers four{.relevant = 4, .ranks = {rank_numbers(4), rank_numbers(4)}};
  EXPECT_EQ(failing(pattern_claims(four)), List{});
  EXPECT_EQ(pattern_claims(four)[0].detail, "W_Q 4, W_K 4");
  four.ranks[1].updates[3].rank = 2;
  EXPECT_EQ(failing(pattern_claims(four)), List{1});
  EXPECT_EQ(pattern_claims(four)[1].detail, "W_V 4, W_O 2 to 4");
  four.ranks[1].updates[1].rank = 5;
  EXPECT_EQ(failing(pattern_claims(four)), (List{0, 1}));
  EXPECT_FALSE(pattern_claims({.relevant = 4})[0].holds.has_value());
}

TEST(LowRankClaims, Conditions) {
  ConditionNumbers noise{.condition = "noise 1",
                         .hinge = {0},
                         .ranks = {rank_numbers()},
                         .pruning = {pruning_numbers()}};
  EXPECT_EQ(failing(condition_claims({noise, noise})), List{});
  auto bad = noise;
  bad.ranks[0].updates[3].energy = 0.99;
  EXPECT_EQ(failing(condition_claims({noise, bad})), List{2});
  bad = noise;
  bad.pruning[0].small_first[kThirty] = 0.05;
  EXPECT_EQ(failing(condition_claims({noise, bad})), List{3});
}

}  // namespace
}  // namespace gramian::low_rank
