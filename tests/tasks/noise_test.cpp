#include "gramian/tasks/noise.h"

#include <gtest/gtest.h>

#include <limits>

namespace gramian {
namespace {

TEST(Noise, DrawsFromItsComponents) {
  const auto uniform = NoisePrior::uniform(1, 5).value();
  EXPECT_DOUBLE_EQ(uniform.draw(0.3, 0.0), 1.0);
  EXPECT_DOUBLE_EQ(uniform.draw(0.9, 0.25), 2.0);
  const auto two = NoisePrior::categorical({1, 3}).value();
  EXPECT_EQ(two.draw(0.0, 0.9), 1.0);
  EXPECT_EQ(two.draw(0.499, 0.9), 1.0);
  EXPECT_EQ(two.draw(0.5, 0.1), 3.0);
  EXPECT_EQ(two.draw(0.9999999, 0.1), 3.0);
  const auto mixture = NoisePrior::mixture({{0, 0, 1}, {2, 4, 3}}).value();
  EXPECT_EQ(mixture.draw(0.2, 0.5), 0.0);
  EXPECT_EQ(mixture.draw(0.3, 0.5), 3.0);
}

TEST(Noise, KnowsItsMoments) {
  EXPECT_DOUBLE_EQ(NoisePrior::uniform(0, 5)->mean_square(), 25.0 / 3);
  EXPECT_DOUBLE_EQ(NoisePrior::categorical({1, 3})->mean_square(), 5.0);
  EXPECT_DOUBLE_EQ(NoisePrior::categorical({1, 3, 5})->mean_square(), 35.0 / 3);
  EXPECT_EQ(NoisePrior::categorical({1, 3, 5})->max(), 5.0);
  EXPECT_TRUE(NoisePrior::constant(2)->is_constant());
  EXPECT_FALSE(NoisePrior::categorical({1, 3})->is_constant());
}

TEST(Noise, DescribesItself) {
  EXPECT_EQ(NoisePrior::uniform(0, 5)->describe(), "uniform [0, 5]");
  EXPECT_EQ(NoisePrior::categorical({1, 3})->describe(), "categorical {1, 3}");
  EXPECT_EQ(NoisePrior::constant(2)->describe(), "constant 2");
}

TEST(Noise, RefusesWhatIsNoPrior) {
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               inf = std::numeric_limits<double>::infinity();
  for (const auto& bad :
       {NoisePrior::constant(-1), NoisePrior::constant(nan), NoisePrior::uniform(0, inf),
        NoisePrior::uniform(3, 1), NoisePrior::categorical({}), NoisePrior::mixture({{0, 1, 0}})}) {
    ASSERT_FALSE(bad.has_value());
    EXPECT_EQ(bad.error().kind, ErrorKind::config);
  }
  EXPECT_NE(NoisePrior::constant(-1).error().message.find("got -1"), std::string::npos);
}

}  // namespace
}  // namespace gramian
