// Three answers: true, false, and nothing where the data cannot decide.
#include "gramian/studies/judge.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gramian {
namespace {

constexpr double kInfinity = INFINITY;

TEST(Judge, AtMostNeedsTwoStandardErrors) {
  EXPECT_EQ(at_most(Estimate{0.5, 0.1}, 1), true);
  EXPECT_EQ(at_most(Estimate{1.5, 0.1}, 1), false);
  EXPECT_FALSE(at_most(Estimate{0.9, 0.1}, 1).has_value());
  EXPECT_FALSE(at_most(Estimate{1.1, 0.1}, 1).has_value());
  EXPECT_EQ(at_most(Estimate{0.7, 0.1}, 1, 2.5), true);
  EXPECT_FALSE(at_most(Estimate{0.7, 0.1}, 1, 3.5).has_value());
  // Both have errors: 0.3 apart is 2.1 times hypot(0.1, 0.1).
  EXPECT_EQ(at_most(Estimate{0.7, 0.1}, Estimate{1, 0.1}), true);
  EXPECT_FALSE(at_most(Estimate{0.75, 0.1}, Estimate{1, 0.1}).has_value());
  // Without an error a number is exact.
  EXPECT_EQ(at_most(Estimate{1, 0}, 1), true);
  EXPECT_EQ(at_most(Estimate{1.0001, 0}, 1), false);
}

TEST(Judge, WhatIsNotFiniteDecidesNothingButAnInfiniteLoss) {
  EXPECT_FALSE(at_most(Estimate{NAN, 0.1}, 1).has_value());
  EXPECT_FALSE(at_most(Estimate{0.1, NAN}, 1).has_value());
  EXPECT_FALSE(at_most(Estimate{0.1, 0.1}, NAN).has_value());
  EXPECT_EQ(at_most(Estimate{kInfinity, NAN}, 1), false);
  EXPECT_EQ(at_most(Estimate{1, 0.1}, Estimate{kInfinity, 0}), true);
  EXPECT_FALSE(at_most(Estimate{kInfinity, 0}, Estimate{kInfinity, 0}).has_value());
  EXPECT_FALSE(within_share(NAN, 1, 0.1).has_value());
  EXPECT_FALSE(within_share(1, kInfinity, 0.1).has_value());
}

TEST(Judge, FactorsAndShares) {
  EXPECT_EQ(at_least(Estimate{1.5, 0.1}, 1), true);
  EXPECT_EQ(at_least(Estimate{0.5, 0.1}, 1), false);
  EXPECT_FALSE(at_least(Estimate{1.1, 0.1}, 1).has_value());
  EXPECT_EQ(at_least(Estimate{kInfinity, 0}, 1), true);
  EXPECT_EQ(within_factor({2, 0.01}, 1, 4), true);
  EXPECT_EQ(within_factor({0.3, 0.01}, 1, 4), true);
  EXPECT_EQ(within_factor({4.1, 0.01}, 1, 4), false);
  EXPECT_EQ(within_factor({0.2, 0.01}, 1, 4), false);
  EXPECT_FALSE(within_factor({3.9, 0.2}, 1, 4).has_value());
  EXPECT_FALSE(within_factor({40, 40}, 1, 4).has_value());  // a few prompts carry it
  EXPECT_EQ(within_share(1.09, 1, 0.1), true);
  EXPECT_EQ(within_share(0.89, 1, 0.1), false);
}

TEST(Judge, AClaimOverCasesHoldsIfAllDo) {
  Cases cases("All");
  EXPECT_FALSE(cases.claim().holds.has_value());  // without a case
  cases.add(true, "one");
  EXPECT_EQ(cases.claim().holds, true);
  cases.add_quietly(true, "two");
  EXPECT_EQ(cases.claim("2 cases").detail, "2 cases: one");
  cases.add(std::nullopt, "three");
  EXPECT_FALSE(cases.claim().holds.has_value());
  EXPECT_EQ(cases.claim().detail, "one; three (not judged)");
  cases.add_quietly(false, "four");
  EXPECT_EQ(cases.claim().holds, false);
  EXPECT_EQ(cases.claim().detail, "one; three (not judged); four (does not hold)");
  EXPECT_EQ(cases.count(), 4);
  EXPECT_EQ(cases.held(), 2);
  EXPECT_EQ(cases.failed(), 1);
  Cases plain("In these words");
  plain.add_plainly(true, "one");
  plain.add_plainly(false, "two");
  EXPECT_EQ(plain.claim().holds, false);
  EXPECT_EQ(plain.claim().detail, "one; two");
  EXPECT_EQ(both(true, true), true);
  EXPECT_EQ(both(std::nullopt, false), false);
  EXPECT_FALSE(both(true, std::nullopt).has_value());
}

}  // namespace
}  // namespace gramian
