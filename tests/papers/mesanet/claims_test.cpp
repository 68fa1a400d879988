// The claims of MesaNet, with numbers that make each hold, fail, or stay open.
#include "gramian/papers/mesanet/claims.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/support/results.h"

namespace gramian::mesanet {
namespace {

enum ClaimPlace {
  kFits,
  kAheadOfAdditive,
  kNoStateAhead,
  kSoftmaxNotAhead,
  kRoomIsShort,
  kSoftmaxKeeps,
  kKeepsAtLength,
  kFewSteps,
  kSolvingMatters,
  kAllClaims
};

std::vector<Estimate> three(double right) {
  return {{right, 0.001}, {right + 0.001, 0.001}, {right - 0.001, 0.001}};
}

// A world in which every claim holds; mesa, others and softmax as trained.
Measured world(double mesa = 0.99, double others = 0.9, double softmax = 0.99) {
  Measured measured;
  const auto of = [&](Mixing mixing) {
    return mixing == Mixing::mesa ? mesa : mixing == Mixing::softmax ? softmax : others;
  };
  for (const Setting& setting : settings())
    measured.trained.push_back({setting, three(of(setting.mixing)), {}});
  for (const Mixing mixing : kMixings) {
    for (const int items : {2, kKeySize, 16, 32}) {
      const double lost = mixing == Mixing::softmax || items < 16 ? 0 : 0.3;
      measured.items.push_back({mixing, {kItemTokens, items}, three(0.99 - lost)});
    }
    for (const int tokens : {kMainSize.tokens, 1024})
      measured.lengths.push_back({mixing, {tokens, kMainSize.items}, three(0.8)});
  }
  measured.solvers = {{1, three(0.2)}, {kKeySize / 2, three(0.985)}, {0, three(0.99)}};
  return measured;
}

std::vector<int> failing_where(const std::function<void(Measured&)>& change) {
  Measured measured = world();
  change(measured);
  return test::failing(recall_claims(measured));
}

AskedNumbers& at(std::vector<AskedNumbers>& list, Mixing mixing, int tokens, int items) {
  for (AskedNumbers& n : list) {
    if (n.mixing == mixing && n.size == Size{tokens, items}) return n;
  }
  ADD_FAILURE();
  return list.front();
}

RecallNumbers& at(Measured& measured, const Setting& setting) {
  for (RecallNumbers& n : measured.trained) {
    if (n.setting.name() == setting.name()) return n;
  }
  ADD_FAILURE();
  return measured.trained.front();
}

TEST(MesanetClaims, HoldInAWorldLikeThePublished) {
  const auto claims = recall_claims(world());
  ASSERT_EQ(claims.size(), std::size_t{kAllClaims});
  EXPECT_EQ(test::failing(claims), std::vector<int>{});
}

TEST(MesanetClaims, FailWhereTheMesaLayerIsNotAhead) {
  // By less than the margin it is not ahead, and nobody else is.
  EXPECT_EQ(test::failing(recall_claims(world(0.905, 0.9, 0.9))),
            std::vector<int>{kAheadOfAdditive});
  EXPECT_EQ(test::failing(recall_claims(world(0.9, 0.95, 0.8))),
            (std::vector<int>{kAheadOfAdditive, kNoStateAhead}));
  EXPECT_EQ(test::failing(recall_claims(world(0.9, 0.5, 0.95))),
            std::vector<int>{kSoftmaxNotAhead});
}

TEST(MesanetClaims, OneMixerOfOneKindIsEnoughToFail) {
  const auto lead = [](const Setting& setting) {
    return failing_where([&](Measured& m) { at(m, setting).seeds = three(0.994); });
  };
  EXPECT_EQ(lead({RecallKind::noisy, Mixing::linear}), std::vector<int>{});  // within the margin
  Measured measured = world(0.97);
  at(measured, {RecallKind::copying, Mixing::linear, kCopyingSize}).seeds = three(0.99);
  auto claims = recall_claims(measured);
  EXPECT_EQ(claims[kNoStateAhead].holds, false);
  EXPECT_NE(claims[kNoStateAhead].detail.find("selective copying, linear attention, T = 64"),
            std::string::npos);
  EXPECT_EQ(claims[kAheadOfAdditive].holds, true);
  measured = world();
  at(measured, {RecallKind::associative, Mixing::gated}).seeds = three(0.985);
  EXPECT_EQ(test::failing(recall_claims(measured)), std::vector<int>{kAheadOfAdditive});
}

TEST(MesanetClaims, OneSeedIsEnoughToFail) {
  EXPECT_EQ(failing_where([](Measured& m) {
              at(m.items, Mixing::mesa, kItemTokens, kKeySize).seeds[1].mean = 0.9;
            }),
            std::vector<int>{kFits});
  EXPECT_EQ(failing_where([](Measured& m) {
              at(m.items, Mixing::softmax, kItemTokens, 32).seeds[2].mean = 0.9;
            }),
            std::vector<int>{kSoftmaxKeeps});
  EXPECT_EQ(failing_where([](Measured& m) {
              at(m.lengths, Mixing::mesa, 1024, kMainSize.items).seeds[0].mean = 0.7;
            }),
            std::vector<int>{kKeepsAtLength});
  EXPECT_EQ(failing_where([](Measured& m) { m.solvers[1].seeds[2].mean = 0.97; }),
            std::vector<int>{kFewSteps});
  EXPECT_EQ(failing_where([](Measured& m) { m.solvers[0].seeds[0].mean = 0.989; }),
            std::vector<int>{kSolvingMatters});
}

TEST(MesanetClaims, AStateThatLosesNothingIsNotShortOfRoom) {
  EXPECT_EQ(failing_where([](Measured& m) {
              at(m.items, Mixing::linear, kItemTokens, 32).seeds = three(0.95);
            }),
            std::vector<int>{kRoomIsShort});
  // Of the others nothing is asked at their longest length, of softmax nothing about room.
  EXPECT_EQ(failing_where([](Measured& m) {
              at(m.lengths, Mixing::linear, 1024, kMainSize.items).seeds = three(0.1);
            }),
            std::vector<int>{});
}

TEST(MesanetClaims, AreNotJudgedWithoutNumbers) {
  for (const Claim& claim : recall_claims({})) EXPECT_FALSE(claim.holds.has_value()) << claim.text;
}

TEST(MesanetClaims, AreNotJudgedWithinErrors) {
  // Two shares whose difference of 2% has an error of 2%.
  Measured measured = world(0.9, 0.5, 0.5);
  at(measured, {RecallKind::noisy, Mixing::delta}).seeds = {{0.92, 0.02}};
  EXPECT_FALSE(recall_claims(measured)[kNoStateAhead].holds.has_value());
}

TEST(MesanetClaims, WhatIsNotANumberDoesNotPass) {
  Measured measured = world(NAN, NAN, NAN);
  for (auto* list : {&measured.items, &measured.lengths}) {
    for (AskedNumbers& n : *list) n.seeds = {{NAN, NAN}};
  }
  for (SolverNumbers& at : measured.solvers) at.seeds = {{NAN, NAN}};
  for (const Claim& claim : recall_claims(measured))
    EXPECT_FALSE(claim.holds.has_value()) << claim.text << claim.detail;
}

}  // namespace
}  // namespace gramian::mesanet
