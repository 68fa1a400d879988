// Softmax by tiles against plain loops and central differences.
#include "gramian/sequence/softmax.h"

#include <fmt/format.h>

#include <limits>

#include "tests/sequence/setting.h"
#include "tests/support/targets.h"

namespace gramian {
namespace {

template <class T>
struct Softmax {
  std::size_t queries, keys, key, value;
  T scale;
  std::vector<T> q, k, v, dout;

  static Softmax random(std::size_t queries, std::size_t keys, std::size_t key, std::size_t value,
                        double size) {
    std::mt19937_64 generator(queries + 100 * keys);
    return {queries,
            keys,
            key,
            value,
            static_cast<T>(0.6),
            test::converted<T>(test::normals(generator, queries * key, size)),
            test::converted<T>(test::normals(generator, keys * key)),
            test::converted<T>(test::normals(generator, keys * value)),
            test::converted<T>(test::normals(generator, queries * value))};
  }
  SoftmaxInput<T> input() const {
    return {queries, keys, key, value, rows(q, key), rows(k, key), rows(v, value), scale};
  }
  static Rows<const T> rows(const std::vector<T>& x, std::size_t columns) {
    return {x.data(), static_cast<std::ptrdiff_t>(columns)};
  }
  std::vector<T> output() const {
    std::vector<T> o(queries * value);
    softmax_mix(input(), {o.data(), static_cast<std::ptrdiff_t>(value)});
    return o;
  }
  struct Gradient {
    std::vector<T> dq, dk, dv;
  };
  Gradient gradient() const {
    Gradient g{std::vector<T>(q.size()), std::vector<T>(k.size()), std::vector<T>(v.size())};
    const auto stride = static_cast<std::ptrdiff_t>(key);
    softmax_adjoint(input(), rows(dout, value),
                    {{g.dq.data(), stride},
                     {g.dk.data(), stride},
                     {g.dv.data(), static_cast<std::ptrdiff_t>(value)}});
    return g;
  }
  Softmax<double> in_double() const {
    const auto wide = [](const std::vector<T>& x) { return test::converted<double>(x); };
    return {queries, keys,    key,     value,     static_cast<double>(scale),
            wide(q), wide(k), wide(v), wide(dout)};
  }
};

// The same with all scores of a query in memory.
std::vector<double> plain_softmax(const Softmax<double>& s) {
  std::vector<double> o(s.queries * s.value);
  for (std::size_t t = 0; t < s.queries; ++t) {
    std::vector<double> scores(s.keys - s.queries + t + 1);
    double most = -1e300, sum = 0;
    for (std::size_t j = 0; j < scores.size(); ++j) {
      for (std::size_t i = 0; i < s.key; ++i)
        scores[j] += s.scale * s.q[t * s.key + i] * s.k[j * s.key + i];
      most = std::max(most, scores[j]);
    }
    for (double& x : scores) sum += x = std::exp(x - most);
    for (std::size_t j = 0; j < scores.size(); ++j) {
      for (std::size_t i = 0; i < s.value; ++i)
        o[t * s.value + i] += scores[j] / sum * s.v[j * s.value + i];
    }
  }
  return o;
}

constexpr std::size_t kSoftmaxSizes[][4] = {{1, 1, 1, 1},    {15, 15, 3, 5},  {16, 40, 32, 32},
                                            {17, 17, 9, 33}, {33, 65, 16, 8}, {1, 50, 4, 4},
                                            {300, 300, 5, 3}};

TEST(Softmax, IsThatOfThePlainLoops) {
  for (const auto& [queries, keys, key, value] : kSoftmaxSizes) {
    SCOPED_TRACE(fmt::format("{} of {}, {} x {}", queries, keys, key, value));
    const auto s = Softmax<double>::random(queries, keys, key, value, 1);
    test::for_each_target([&] { EXPECT_LE(test::distance(s.output(), plain_softmax(s)), 1e-13); });
  }
}

TEST(Softmax, AdjointsAreCentralDifferences) {
  for (const auto& [queries, keys] : {std::pair<std::size_t, std::size_t>{7, 7}, {5, 40}}) {
    auto s = Softmax<double>::random(queries, keys, 3, 4, 1);
    const auto loss = [&] {
      const std::vector<double> o = plain_softmax(s);
      double sum = 0;
      for (std::size_t e = 0; e < o.size(); ++e) sum += o[e] * s.dout[e];
      return sum;
    };
    test::for_each_target([&] {
      const auto g = s.gradient();
      test::expect_central_differences(s.q, g.dq, "q", loss, 1e-8, 0);
      test::expect_central_differences(s.k, g.dk, "k", loss, 1e-8, 0);
      test::expect_central_differences(s.v, g.dv, "v", loss, 1e-8, 0);
    });
  }
}

// A part of the queries with all keys before them gives the rows of the whole, and the gradients
// of the parts add up.
TEST(Softmax, ASequenceMayBeCutAnywhere) {
  const auto whole = Softmax<double>::random(50, 50, 4, 3, 1);
  const auto o = whole.output();
  const auto g = whole.gradient();
  for (const std::size_t cut : {std::size_t{1}, std::size_t{16}, std::size_t{49}}) {
    const auto rows = [](const std::vector<double>& x, std::size_t first, std::size_t last) {
      return std::vector<double>(x.begin() + static_cast<std::ptrdiff_t>(first),
                                 x.begin() + static_cast<std::ptrdiff_t>(last));
    };
    auto head = whole, tail = whole;
    head.queries = head.keys = cut;
    tail.queries = 50 - cut;
    tail.q = rows(whole.q, cut * 4, 200);
    tail.dout = rows(whole.dout, cut * 3, 150);
    std::vector<double> joined = head.output();
    const std::vector<double> behind = tail.output();
    joined.insert(joined.end(), behind.begin(), behind.end());
    EXPECT_LE(test::distance(joined, o), 1e-14);
    head.k.resize(cut * 4);
    head.v.resize(cut * 3);
    const auto first = head.gradient();
    auto second = tail.gradient();
    for (std::size_t e = 0; e < first.dk.size(); ++e) second.dk[e] += first.dk[e];
    for (std::size_t e = 0; e < first.dv.size(); ++e) second.dv[e] += first.dv[e];
    EXPECT_LE(test::distance(second.dk, g.dk), 1e-14);
    EXPECT_LE(test::distance(second.dv, g.dv), 1e-14);
  }
}

// An error of epsilon in a score is one of the power, and scores are sums of `key` products.
TEST(Softmax, FloatIsDoubleRounded) {
  for (const auto& [queries, keys, key, value] : kSoftmaxSizes) {
    SCOPED_TRACE(fmt::format("{} of {}, {} x {}", queries, keys, key, value));
    const auto s = Softmax<float>::random(queries, keys, key, value, 1);
    const double bound = 60 * std::sqrt(double(key)) * std::numeric_limits<float>::epsilon();
    test::for_each_target([&] {
      EXPECT_LE(test::distance(s.output(), s.in_double().output()), bound);
      const auto g = s.gradient();
      const auto want = s.in_double().gradient();
      EXPECT_LE(test::distance(g.dq, want.dq), bound);
      EXPECT_LE(test::distance(g.dk, want.dk), bound);
      EXPECT_LE(test::distance(g.dv, want.dv), bound);
    });
  }
}

// Scores of thousands: one key takes all, and nothing overflows.
TEST(Softmax, StaysFiniteForLargeScores) {
  const auto s = Softmax<float>::random(40, 40, 8, 4, 1e4);
  test::for_each_target([&] {
    EXPECT_LE(test::distance(s.output(), plain_softmax(s.in_double())), 1e-6);
    const auto g = s.gradient();
    for (const auto* x : {&g.dq, &g.dk, &g.dv}) {
      for (const float y : *x) ASSERT_TRUE(std::isfinite(y));
    }
  });
}

}  // namespace
}  // namespace gramian
