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
#include "tests/support/targets.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

void Words(const PhiloxAddress& address, uint32_t draw, uint32_t* words) {
  PhiloxLanes(address, draw, words);
}
void Normals(const PhiloxAddress& address, size_t count, double* out) {
  FillNormals(address, 0u, count, out);
}
void NormalsFloat(const PhiloxAddress& address, size_t count, float* out) {
  FillNormals(address, 0u, count, out);
}
void Uniforms(const PhiloxAddress& address, size_t count, double* out) {
  FillUniforms(address, 0u, count, 2.0, out);
}
// Two chi variates, of k and of k + 1 degrees: out is [2, lanes].
void Chi(const PhiloxAddress& address, double k, double* out) {
  FillChiPair(address, 0u, k, k + 1, out, out + kLanes);
}
void ChiFloat(const PhiloxAddress& address, double k, float* out) {
  FillChiPair(address, 0u, k, k + 1, out, out + kLanes);
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gramian {

HWY_EXPORT(Words);
HWY_EXPORT(Normals);
HWY_EXPORT(NormalsFloat);
HWY_EXPORT(Uniforms);
HWY_EXPORT(Chi);
HWY_EXPORT(ChiFloat);

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
      HWY_DYNAMIC_DISPATCH(Words)(address, draw, words);
      for (std::uint32_t p = 0; p < kLanes; ++p) {
        const auto expected = philox({0x89abcdef, 0x01234567}, {draw, address.first + p, 9, 2});
        for (std::size_t w = 0; w < 4; ++w) EXPECT_EQ(words[w * kLanes + p], expected[w]);
      }
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
        products.push_back((out[p] * out[p] - k) * (out[kLanes + p] * out[kLanes + p] - k - 1));
      }
    }
    for (int second = 0; second < 2; ++second) {
      const double m = k + second;
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

}  // namespace
}  // namespace gramian
#endif
