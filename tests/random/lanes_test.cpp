// The lane generators: Philox against its scalar form, and the laws of the draws.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/random/lanes_test.cpp"
#include <hwy/foreach_target.h>
// clang-format off
#include "gramian/random/normal-inl.h"
// clang-format on
#include "gramian/base/aligned.h"
#include "gramian/random/lane_words.h"
#include "tests/support/targets.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

void Normals(const PhiloxAddress& address, size_t count, double* out) {
  FillNormals(LaneWords(address), 0u, count, out);
}
void NormalsFloat(const PhiloxAddress& address, size_t count, float* out) {
  FillNormals(LaneWords(address), 0u, count, out);
}
void Uniforms(const PhiloxAddress& address, size_t count, double* out) {
  FillUniforms(LaneWords(address), 0u, count, 2.0, out);
}
// Two draws at once: words is [2, 4, lanes].
void TwoDraws(const PhiloxAddress& address, uint32_t draw, uint32_t stride, uint32_t* words) {
  LaneWords(address).Draw<2>(draw, words, stride);
}
// -2 log u of sixteen words, in float and in double.
void RadiusSquares(const uint32_t* words, float* single, double* twice) {
  const Tag<float> f;
  const Tag<double> d;
  for (size_t v = 0; v < kLanes; v += hn::Lanes(f))
    hn::Store(RadiusSquare(f, words + v), f, single + v);
  for (size_t v = 0; v < kLanes; v += hn::Lanes(d))
    hn::Store(RadiusSquare(d, words + v), d, twice + v);
}
// Two chi variates, of k + 1 and of k degrees: out is [2, lanes].
void Chi(const PhiloxAddress& address, double k, double* out) {
  FillChis(LaneWords(address), 0u, chi_laws(k + 1, 2).data(), 2, out, 1);
}
void ChiFloat(const PhiloxAddress& address, double k, float* out) {
  FillChis(LaneWords(address), 0u, chi_laws(k + 1, 2).data(), 2, out, 1);
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gramian {

HWY_EXPORT(Normals);
HWY_EXPORT(NormalsFloat);
HWY_EXPORT(Uniforms);
HWY_EXPORT(Chi);
HWY_EXPORT(ChiFloat);
HWY_EXPORT(TwoDraws);
HWY_EXPORT(RadiusSquares);

namespace {

// The mean of values and its standard error.
struct Mean {
  double value, error;
};
template <class Function>
Mean mean_of(const std::vector<double>& values, Function f) {
  double sum = 0, squares = 0;
  for (double v : values) {
    sum += f(v);
    squares += f(v) * f(v);
  }
  const double n = static_cast<double>(values.size());
  return {sum / n, std::sqrt((squares / n - sum / n * (sum / n)) / n)};
}

// E f = expected, within four standard errors.
template <class Function>
void expect_mean(const std::vector<double>& values, Function f, double expected) {
  const Mean mean = mean_of(values, f);
  EXPECT_NEAR(mean.value, expected, 4 * mean.error);
}

std::vector<double> normals(std::uint32_t blocks) {
  std::vector<double> all;
  AlignedArray<double> out(64 * kLanes);
  for (std::uint32_t step = 0; step < blocks; ++step) {
    HWY_DYNAMIC_DISPATCH(Normals)({.seed = 42, .step = step}, 64, out.data());
    all.insert(all.end(), out.begin(), out.end());
  }
  return all;
}

TEST(Lanes, PhiloxEqualsItsScalarForm) {
  test::for_each_target([] {
    const PhiloxAddress address{
        .seed = 0x123456789abcdefull, .stream = 2, .step = 9, .first = 4294967290u};
    alignas(128) std::uint32_t words[4 * kLanes];
    for (std::uint32_t draw : {0u, 1u, 0xffffffffu}) {
      draw_lane_words(address, draw, words);
      for (std::uint32_t p = 0; p < kLanes; ++p) {
        const auto expected = philox({0x89abcdef, 0x01234567}, {draw, address.first + p, 9, 2});
        for (std::size_t w = 0; w < 4; ++w) EXPECT_EQ(words[w * kLanes + p], expected[w]);
      }
    }
    alignas(128) std::uint32_t two[8 * kLanes];
    HWY_DYNAMIC_DISPATCH(TwoDraws)(address, 5, 64, two);
    for (std::uint32_t k = 0; k < 2; ++k) {
      draw_lane_words(address, 5 + 64 * k, words);
      for (std::size_t i = 0; i < 4 * kLanes; ++i) EXPECT_EQ(two[k * 4 * kLanes + i], words[i]);
    }
  });
}

TEST(Lanes, NormalsHaveTheMomentsOfTheNormalLaw) {
  const std::vector<double> z = normals(1000);  // 1,024,000
  expect_mean(
      z, [](double x) { return x; }, 0.0);
  expect_mean(
      z, [](double x) { return x * x; }, 1.0);
  expect_mean(
      z, [](double x) { return x * x * x; }, 0.0);
  expect_mean(
      z, [](double x) { return x * x * x * x; }, 3.0);
  expect_mean(
      z, [](double x) { return std::pow(x, 6); }, 15.0);
  expect_mean(
      z, [](double x) { return std::abs(x) > 3 ? 1.0 : 0.0; }, std::erfc(3 / std::sqrt(2.0)));
}

// Neighbours in a row come from one Box-Muller pair, neighbours in lanes from two prompts.
TEST(Lanes, NormalsAreUncorrelated) {
  const std::vector<double> z = normals(1000);
  for (std::size_t distance :
       {std::size_t{1}, std::size_t{kLanes}, std::size_t{2 * kLanes}, std::size_t{64 * kLanes}}) {
    std::vector<double> products, squares;
    for (std::size_t i = 0; i + distance < z.size(); ++i) {
      products.push_back(z[i] * z[i + distance]);
      squares.push_back((z[i] * z[i] - 1) * (z[i + distance] * z[i + distance] - 1));
    }
    expect_mean(
        products, [](double x) { return x; }, 0.0);
    expect_mean(
        squares, [](double x) { return x; }, 0.0);
  }
}

// Kolmogorov-Smirnov distance below its 99.9% point, 1.95 / sqrt(n).
TEST(Lanes, NormalsFollowTheNormalDistributionFunction) {
  std::vector<double> z = normals(200);
  std::sort(z.begin(), z.end());
  double distance = 0;
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double theory = 0.5 * std::erfc(-z[i] / std::sqrt(2.0));
    distance = std::max(distance, std::abs(theory - (static_cast<double>(i) + 0.5) /
                                                        static_cast<double>(z.size())));
  }
  EXPECT_LT(distance, 1.95 / std::sqrt(static_cast<double>(z.size())));
}

TEST(Lanes, EveryTargetAndPrecisionDrawsTheSameNormals) {
  AlignedArray<double> reference(8 * kLanes);
  HWY_DYNAMIC_DISPATCH(Normals)({.seed = 7}, 8, reference.data());
  test::for_each_target([&] {
    AlignedArray<double> twice(8 * kLanes);
    AlignedArray<float> single(8 * kLanes);
    HWY_DYNAMIC_DISPATCH(Normals)({.seed = 7}, 8, twice.data());
    HWY_DYNAMIC_DISPATCH(NormalsFloat)({.seed = 7}, 8, single.data());
    for (std::size_t i = 0; i < reference.size(); ++i) {
      EXPECT_NEAR(twice[i], reference[i], 1e-14 * 8);
      EXPECT_NEAR(static_cast<double>(single[i]), reference[i], 1.2e-7 * 8);  // |z| < 7, a few ulp
    }
  });
}

// The logarithm of Box-Muller in float against double, where words are special and at random: one
// unit in the last place of u = (x + 1/2) 2^-32, and of the result.
TEST(Lanes, TheRadiusInFloatIsThatInDouble) {
  std::vector<std::uint32_t> words{0,          1,          2,          0x7fffff,   0x800000,
                                   0xffffff,   0x1000001,  0x7fffffff, 0x80000000, 0xb504f333,
                                   0xb504f3ff, 0xfffffeff, 0xffffff80, 0xffffffff};
  while (words.size() % kLanes != 0) words.push_back(12345);
  for (std::uint32_t i = 0; i < 100'000 / 4 * 4; i += 4) {
    const auto four = philox({1, 2}, {i, 3, 4, 5});
    words.insert(words.end(), four.begin(), four.end());
  }
  test::for_each_target([&] {
    alignas(128) std::uint32_t some[kLanes];
    alignas(128) float single[kLanes];
    alignas(128) double twice[kLanes];
    for (std::size_t i = 0; i + kLanes <= words.size(); i += kLanes) {
      std::copy_n(words.begin() + static_cast<std::ptrdiff_t>(i), kLanes, some);
      HWY_DYNAMIC_DISPATCH(RadiusSquares)(some, single, twice);
      for (std::size_t p = 0; p < kLanes; ++p) {
        const double exact = -2 * std::log((some[p] + 0.5) / 4294967296.0);
        ASSERT_NEAR(twice[p], exact, 4e-16 * (1 + exact)) << some[p];
        ASSERT_NEAR(static_cast<double>(single[p]), exact, 1.3e-7 + 1.8e-7 * exact) << some[p];
        ASSERT_GE(single[p], 0.0f) << some[p];
      }
    }
  });
}

TEST(Lanes, UniformsFillTheirInterval) {
  std::vector<double> all;
  AlignedArray<double> out(64 * kLanes);
  for (std::uint32_t step = 0; step < 200; ++step) {
    HWY_DYNAMIC_DISPATCH(Uniforms)({.seed = 3, .step = step}, 64, out.data());
    all.insert(all.end(), out.begin(), out.end());
  }
  EXPECT_LE(*std::max_element(all.begin(), all.end()), 2.0);
  EXPECT_GE(*std::min_element(all.begin(), all.end()), -2.0);
  expect_mean(
      all, [](double x) { return x; }, 0.0);
  expect_mean(
      all, [](double x) { return x * x; }, 4.0 / 3);
  expect_mean(
      all, [](double x) { return std::pow(x, 4); }, 16.0 / 5);
}

// chi^2 with k degrees: mean k, variance 2k, third central moment 8k; the two of a pair are
// independent, although they come from one Box-Muller draw.
TEST(Lanes, ChiHasTheMomentsOfItsLaw) {
  for (double k : {1.0, 2.0, 3.0, 10.0, 20.0, 1000.0, 100000.0}) {
    SCOPED_TRACE(k);
    std::vector<double> squares[2], squares_float[2], products;
    alignas(128) double out[2 * kLanes];
    alignas(128) float single[2 * kLanes];
    for (std::uint32_t step = 0; step < 8000; ++step) {
      const PhiloxAddress address{.seed = 5, .step = step};
      HWY_DYNAMIC_DISPATCH(Chi)(address, k, out);
      HWY_DYNAMIC_DISPATCH(ChiFloat)(address, k, single);
      for (std::size_t p = 0; p < 2 * kLanes; ++p) {
        squares[p / kLanes].push_back(out[p] * out[p]);
        squares_float[p / kLanes].push_back(static_cast<double>(single[p]) *
                                            static_cast<double>(single[p]));
      }
      for (std::size_t p = 0; p < kLanes; ++p) {
        products.push_back((out[p] * out[p] - k - 1) * (out[kLanes + p] * out[kLanes + p] - k));
      }
    }
    for (int second = 0; second < 2; ++second) {
      const double m = k + 1 - second;
      for (const auto* values : {&squares[second], &squares_float[second]}) {
        expect_mean(
            *values, [](double x) { return x; }, m);
        expect_mean(
            *values, [m](double x) { return (x - m) * (x - m); }, 2 * m);
        expect_mean(
            *values, [m](double x) { return std::pow(x - m, 3); }, 8 * m);
      }
    }
    expect_mean(
        products, [](double x) { return x; }, 0.0);
  }
}

// P(chi^2_k > x) = e^{-x/2} sum_{j < k/2} (x/2)^j / j! for an even k.
double chi_squared_above(int k, double x) {
  double term = std::exp(-x / 2), sum = 0;
  for (int j = 0; j < k / 2; ++j) {
    sum += term;
    term *= x / 2 / (j + 1);
  }
  return sum;
}

// The distribution function (Kolmogorov-Smirnov, 99.9%) and both tails, in counts, of variates in
// float; the even one of each pair of degrees.
TEST(Lanes, ChiHasTheDistributionAndTheTailsOfItsLaw) {
  for (const int k : {2, 4, 10, 12, 20}) {
    SCOPED_TRACE(k);
    std::vector<double> squares;
    alignas(128) float single[2 * kLanes];
    for (std::uint32_t step = 0; step < 40'000; ++step) {
      HWY_DYNAMIC_DISPATCH(ChiFloat)({.seed = 6, .step = step}, k, single);
      for (std::size_t p = kLanes; p < 2 * kLanes; ++p)
        squares.push_back(static_cast<double>(single[p]) * static_cast<double>(single[p]));
    }
    std::sort(squares.begin(), squares.end());
    const double count = static_cast<double>(squares.size());
    double distance = 0;
    for (std::size_t i = 0; i < squares.size(); ++i) {
      const double below = 1 - chi_squared_above(k, squares[i]);
      distance = std::max(distance, std::abs(below - (static_cast<double>(i) + 0.5) / count));
    }
    EXPECT_LT(distance, 1.95 / std::sqrt(count));
    for (const double quantile : {1e-4, 1e-3, 1e-2, 0.99, 0.999, 0.9999}) {
      double low = 0, high = 200;  // the quantile, by bisection
      for (int i = 0; i < 60; ++i) {
        const double middle = (low + high) / 2;
        (1 - chi_squared_above(k, middle) < quantile ? low : high) = middle;
      }
      const auto above = squares.end() - std::lower_bound(squares.begin(), squares.end(), low);
      const double expected = count * (1 - quantile);
      EXPECT_NEAR(static_cast<double>(above), expected,
                  4 * std::sqrt(count * quantile * (1 - quantile)))
          << quantile;
    }
  }
}

// Where a variate is accepted without a logarithm, the logarithm would accept it too. B(y) =
// 3 log(1 + y) - 3 y + 3/2 y^2 - y^3, by its series where it cancels.
TEST(Lanes, TheSqueezeOfChiIsBelowItsBound) {
  for (const double k : {2.0, 3.0, 4.0, 5.0, 10.0, 11.0, 20.0, 100.0, 1e5}) {
    const auto [degrees, scale, slope, squeeze] = ChiLaw(k);
    EXPECT_EQ(degrees, k);
    EXPECT_NEAR(scale * slope * slope, 1.0 / 9, 1e-15);
    for (int i = -9999; i < 30000; ++i) {
      const double y = i * 1e-4, y4 = y * y * y * y, x = y / slope;
      const double b = std::abs(y) < 0.02 ? y4 * (-0.75 + y * (0.6 + y * (-0.5 + y * 3.0 / 7)))
                                          : 3 * std::log1p(y) - 3 * y + 1.5 * y * y - y * y * y;
      ASSERT_LE(1 - squeeze * x * x * x * x, std::exp(scale * b) * (1 + 1e-14))
          << k << " degrees, y = " << y;
    }
  }
}

}  // namespace
}  // namespace gramian
#endif
