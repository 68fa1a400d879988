// Quantiles of losses over many orders of magnitude.
#include "gramian/evaluation/loss_histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace gramian {
namespace {

// Losses 10^(-12 + 14 i / n): the q-quantile is 10^(-12 + 14 q), to half a bin.
TEST(LossHistogram, QuantilesAreThoseOfASpreadLaw) {
  LossHistogram even, odd;
  const int n = 100'000;
  for (int i = 0; i < n; ++i)
    (i % 2 == 0 ? even : odd).add(std::pow(10.0, -12 + 14.0 * (i + 0.5) / n));
  even.merge(odd);
  EXPECT_EQ(even.count(), 100'000u);
  for (const double q : {0.001, 0.1, 0.5, 0.9, 0.999, 1.0})
    EXPECT_NEAR(even.quantile(q) / std::pow(10.0, -12 + 14 * q), 1, 0.012) << q;
}

TEST(LossHistogram, ZeroIsBelowAndWhatIsNoNumberAbove) {
  LossHistogram losses;
  for (int i = 0; i < 5; ++i) losses.add(0);
  for (int i = 0; i < 4; ++i) losses.add(1);
  losses.add(std::nan(""));
  losses.add(std::numeric_limits<double>::infinity());
  EXPECT_EQ(losses.quantile(0.4), 0);
  EXPECT_NEAR(losses.quantile(0.8), 1, 0.012);
  EXPECT_TRUE(std::isinf(losses.quantile(0.99)));
}

}  // namespace
}  // namespace gramian
