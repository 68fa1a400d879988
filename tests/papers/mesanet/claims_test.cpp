// The claims of MesaNet, with numbers that make each hold, fail, or stay open.
#include "gramian/papers/mesanet/claims.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/papers/mesanet/paper.h"
#include "tests/support/results.h"

namespace gramian::mesanet {
namespace {

std::vector<Estimate> three(double right) {
  return {{right, 0.001}, {right + 0.001, 0.001}, {right - 0.001, 0.001}};
}

std::vector<RecallNumbers> all_of(double mesa, double others, double softmax) {
  std::vector<RecallNumbers> list;
  for (const RecallKind kind : kKinds) {
    for (const Mixing mixing : kMixings) {
      const double right = mixing == Mixing::mesa      ? mesa
                           : mixing == Mixing::softmax ? softmax
                                                       : others;
      list.push_back({kind, mixing, three(right)});
    }
  }
  return list;
}

std::vector<SolverNumbers> solved(double few, double exact) {
  return {{1, three(0.2)}, {10, three(few)}, {0, three(exact)}};
}

TEST(MesanetClaims, HoldWhereTheMesaLayerIsAhead) {
  const auto claims = recall_claims(all_of(0.99, 0.9, 0.99), solved(0.985, 0.99));
  ASSERT_EQ(claims.size(), 4u);
  for (const Claim& claim : claims) EXPECT_EQ(claim.holds, true) << claim.text << claim.detail;
}

TEST(MesanetClaims, FailWhereItIsNot) {
  EXPECT_EQ(recall_claims(all_of(0.9, 0.5, 0.5), {})[0].holds, false);
  EXPECT_EQ(recall_claims(all_of(0.9, 0.95, 0.5), {})[1].holds, false);
  EXPECT_EQ(recall_claims(all_of(0.9, 0.5, 0.95), {})[1].holds, true);
  EXPECT_EQ(recall_claims(all_of(0.9, 0.5, 0.95), {})[2].holds, false);
  EXPECT_EQ(recall_claims({}, solved(0.9, 0.99))[3].holds, false);
}

TEST(MesanetClaims, OneSeedOrOneKindIsEnoughToFail) {
  auto numbers = all_of(0.99, 0.9, 0.9);
  numbers[0].seeds[1].mean = 0.6;
  EXPECT_EQ(recall_claims(numbers, {})[0].holds, false);
  numbers = all_of(0.9, 0.5, 0.9);
  numbers[numbers.size() - 2].seeds = three(0.97);  // linear attention, copying
  const auto claims = recall_claims(numbers, {});
  EXPECT_EQ(claims[1].holds, false);
  EXPECT_NE(claims[1].detail.find("selective copying, linear attention"), std::string::npos);
  auto solvers = solved(0.99, 0.99);
  solvers[1].seeds[2].mean = 0.9;
  EXPECT_EQ(recall_claims({}, solvers)[3].holds, false);
}

TEST(MesanetClaims, AreNotJudgedWithoutNumbersOrWithinErrors) {
  for (const Claim& claim : recall_claims({}, {})) EXPECT_FALSE(claim.holds.has_value());
  // Two shares whose difference of 2% has an error of 2%.
  auto numbers = all_of(0.9, 0.5, 0.5);
  numbers[1].seeds = {{0.92, 0.02}};
  EXPECT_FALSE(recall_claims(numbers, {})[1].holds.has_value());
  EXPECT_FALSE(recall_claims(all_of(NAN, 0.5, 0.5), {})[1].holds.has_value());
}

TEST(MesanetPaper, CellsDifferInTheirMixerAlone) {
  EXPECT_EQ(test::count_cells(paper), 15u);
  EXPECT_EQ(state_size(Mixing::mesa, 64), 512);
  EXPECT_EQ(state_size(Mixing::softmax, 64), 2048);
  for (const Mixing mixing : kMixings) {
    const Cell cell = Setting{.kind = RecallKind::noisy, .mixing = mixing}.cell();
    const Config config = cell.starts(1, {}).front();
    EXPECT_TRUE(cell.make(config).has_value()) << cell.name;
    EXPECT_EQ(config.text("task.recall"), "noisy");
    EXPECT_EQ(config.integer("train.seed"), 1);
  }
}

}  // namespace
}  // namespace gramian::mesanet
