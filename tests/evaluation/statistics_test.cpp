#include "gramian/evaluation/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <vector>

namespace gramian {
namespace {

TEST(RunningCovariance, MatchesTwoPasses) {
  std::mt19937_64 generator(2);
  std::normal_distribution<double> normal;
  constexpr std::size_t kCount = 1003;
  std::vector<std::array<double, 3>> values(kCount);
  for (auto& [a, b, c] : values) {
    const double shared = normal(generator);
    a = 1e3 + 2 * shared;  // far from 0: sums of products would cancel
    b = shared - 3 * normal(generator);
    c = 5;
  }
  std::array<double, 3> mean{};
  double products[3][3] = {};
  for (const auto& one : values) {
    for (std::size_t i = 0; i < 3; ++i) mean[i] += one[i] / kCount;
  }
  for (const auto& one : values) {
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) products[i][j] += (one[i] - mean[i]) * (one[j] - mean[j]);
    }
  }
  RunningCovariance whole(3), merged(3), part(3);
  RunningMean first;
  for (std::size_t k = 0; k < kCount; ++k) {
    whole.add(values[k]);
    part.add(values[k]);
    first.add(values[k][0]);
    if (k % 100 == 7) {
      merged.merge(part);
      part = RunningCovariance(3);
    }
  }
  merged.merge(part);
  merged.merge(RunningCovariance(3));
  for (const RunningCovariance& found : {whole, merged}) {
    EXPECT_EQ(found.count(), kCount);
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j)
        EXPECT_NEAR(found.covariance(i, j), products[i][j] / (kCount - 1), 1e-9) << i << j;
    }
    EXPECT_NEAR(found.covariance(0, 0), first.variance(), 1e-9);
  }
}

TEST(RunningCovariance, OfWhatIsNotFiniteIsUnknown) {
  RunningCovariance three(3);
  EXPECT_TRUE(std::isnan(three.covariance(0, 0)));
  three.add(std::vector{1.0, 2.0, 3.0});
  EXPECT_TRUE(std::isnan(three.covariance(0, 0)));
  three.add(std::array<double, 3>{2, INFINITY, 4});
  three.add(std::vector{3.0, 1.0, 5.0});
  RunningCovariance more(3);
  more.add(std::vector{5.0, 1.0, 7.0});
  three.merge(more);
  for (const std::size_t other : {0u, 1u, 2u})
    EXPECT_TRUE(std::isnan(three.covariance(1, other))) << other;
  EXPECT_NEAR(three.covariance(0, 2), 8.75 / 3, 1e-14);  // of 1, 2, 3, 5
}

TEST(Holm, RejectsStepByStep) {
  // Of four at 5%: 0.0125, 0.0167, 0.025, 0.05 in the order of the values.
  const auto count = [](std::vector<double> p) {
    const std::vector<bool> rejected = rejected_by_holm(p, 0.05);
    return std::ranges::count(rejected, true);
  };
  EXPECT_EQ(rejected_by_holm(std::vector{0.04, 0.01, 0.03, 0.005}, 0.05),
            (std::vector{false, true, false, true}));
  EXPECT_EQ(count({0.0125, 0.0166, 0.025, 0.05}), 4);
  EXPECT_EQ(count({0.0126, 0.0126, 0.0126, 0.0126}), 0);  // the first stops all
  EXPECT_EQ(count({0.0168, 0.02, 0.001, 0.9}), 1);  // 0.02 alone would be small enough in its place
  EXPECT_EQ(count({NAN, 0.001, NAN, 0.001}), 2);
  EXPECT_EQ(count({}), 0);
}

TEST(ChiSquared, TailHasItsClosedForms) {
  for (const double x : {0.0, 0.5, 2.0, 30.0}) {
    EXPECT_NEAR(chi_squared_tail(x, 2), std::exp(-x / 2), 1e-14);
    EXPECT_NEAR(
        chi_squared_tail(x, 3),
        std::erfc(std::sqrt(x / 2)) + std::sqrt(2 * x / std::numbers::pi) * std::exp(-x / 2),
        1e-13);
  }
  EXPECT_NEAR(chi_squared_tail(40.11327, 27), 0.05, 1e-6);
}

TEST(RunningMean, MatchesTwoPasses) {
  std::mt19937_64 generator(1);
  std::normal_distribution<double> normal(1e6, 2.0);  // far from 0: sums of squares would cancel
  std::vector<double> values(1001);
  for (double& value : values) value = normal(generator);
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / 1001;
  for (const double value : values) squares += (value - mean) * (value - mean);

  RunningMean whole, merged, part;
  for (std::size_t k = 0; k < values.size(); ++k) {
    whole.add(values[k]);
    part.add(values[k]);
    if (k % 100 == 7) {
      merged.merge(part);
      part = {};
    }
  }
  merged.merge(part);
  merged.merge({});
  for (const RunningMean& found : {whole, merged}) {
    EXPECT_EQ(found.count(), 1001u);
    EXPECT_NEAR(found.mean(), mean, 1e-8);
    EXPECT_NEAR(found.variance(), squares / 1000, 1e-6);
    EXPECT_NEAR(found.standard_error(), std::sqrt(squares / 1000 / 1001), 1e-8);
  }
}

TEST(RunningMean, FewValues) {
  RunningMean mean;
  EXPECT_TRUE(std::isnan(mean.mean()));
  mean.add(3);
  EXPECT_EQ(mean.mean(), 3);
  EXPECT_TRUE(std::isnan(mean.standard_error()));
}

TEST(RunningMean, NothingIsDroppedSilently) {
  for (const double bad :
       {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    RunningMean mean, other;
    for (const double value : {1.0, bad, 2.0}) mean.add(value);
    other.add(4);
    other.merge(mean);
    EXPECT_EQ(other.count(), 4u);
    EXPECT_TRUE(std::isinf(other.mean()));
    EXPECT_TRUE(std::isinf(other.standard_error()));
  }
}

TEST(Poisson, CdfIsTheSum) {
  for (const double mean : {1e-3, 0.5, 3.0, 40.0, 700.0}) {
    double term = std::exp(-mean), sum = 0;
    for (int k = 0; k < 800; ++k) {
      sum += term;
      EXPECT_NEAR(poisson_cdf(static_cast<std::uint64_t>(k), mean), sum, 1e-11) << k << " " << mean;
      term *= mean / (k + 1);
    }
  }
}

TEST(Poisson, PublishedIntervals) {  // Garwood 1936, to the digits of the usual tables
  const struct {
    std::uint64_t count;
    double low, high;
  } rows[] = {{0, 0, 3.6889},       {1, 0.0253, 5.5716},   {2, 0.2422, 7.2247},
              {5, 1.6235, 11.6683}, {10, 4.7954, 18.3904}, {100, 81.3640, 121.6268}};
  for (const auto& [count, low, high] : rows) {
    const Interval interval = poisson_interval(count);
    EXPECT_NEAR(interval.low, low, 1e-4);
    EXPECT_NEAR(interval.high, high, 1e-4);
  }
  // Large counts: the normal limit, with the continuity shift of the upper end.
  const Interval large = poisson_interval(100'000'000);
  EXPECT_NEAR(large.low, 1e8 - 1.95996 * 1e4, 3);
  EXPECT_NEAR(large.high, 1e8 + 1.95996 * 1e4, 4);
}

// a = (1, 3), b = (2, 2): the ratio is 1, and of a - b = (-1, 1) the mean has the error 1, over 2.
TEST(Statistics, ARatioOfMeansHasItsError) {
  const Ratio ratio = ratio_of_means(std::vector{1.0, 3.0}, std::vector{2.0, 2.0});
  EXPECT_DOUBLE_EQ(ratio.value, 1);
  EXPECT_DOUBLE_EQ(ratio.error, 0.5);
  // What is proportional on every prompt has no error.
  EXPECT_NEAR(ratio_of_means(std::vector{1.0, 2.0, 5.0}, std::vector{2.0, 4.0, 10.0}).error, 0,
              1e-15);
  EXPECT_TRUE(std::isinf(ratio_of_means(std::vector{NAN, 1.0}, std::vector{1.0, 1.0}).value));
}

}  // namespace
}  // namespace gramian
