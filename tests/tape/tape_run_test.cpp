// Whole networks and tapes in which values are used several times: kernels against plain loops, and
// gradients against central differences. operations_test.cpp has the single operations.
#include "gramian/tape/tape_run.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "gramian/tape/masks.h"
#include "tests/support/targets.h"
#include "tests/tape/setting.h"

namespace gramian {
namespace {

using test::Filled;
using test::Setting;

struct Case {
  const char* name;
  std::function<Value(Recorder&)> record;
};

// A transformer with all that there is: encoding, embedding, MLP, norm, two kinds of attention,
// clipping.
Value record_network(Recorder& r, int n, int d, int width, int key) {
  const Value tokens = r.input("tokens", n + 1, d);
  std::vector<double> waves;
  for (int i = 0; i < 3 * (n + 1); ++i) waves.push_back(std::sin(i));
  Value e = r.product(r.beside(tokens, r.constant(n + 1, 3, waves)),
                      r.parameter("embedding", d + 3, width));
  const Value wide = r.gelu(
      r.sum(r.product(e, r.parameter("in", width, 2 * width)), r.parameter("bias", 1, 2 * width)));
  e = r.sum(e, r.product(wide, r.parameter("out", 2 * width, width)));
  const Value shared_value = r.parameter("V", width, key);
  for (const bool soft : {true, false}) {
    const Value normal = r.times(r.normalise(e), r.parameter("gain", 1, width));
    const Value q = r.product(normal, r.parameter("Q", width, key)),
                k = r.product(normal, r.parameter("K", width, key));
    const Value v = r.product(normal, shared_value);  // one for both: tied
    const Value scores = r.product(q, r.transposed(k));
    const Value attention = soft ? r.softmax(scores, causal_mask(n + 1)) : r.scale(scores, 1.0 / n);
    e = r.clip(r.sum(e, r.product(r.product(attention, v), r.parameter("P", key, width))), -2.5,
               2.5);
  }
  const Value prediction = r.scale(r.columns(r.rows(e, n, 1), width - 1, 1), -1);
  return r.half_squared_error(prediction, r.input("target", 1, 1));
}

std::vector<Case> cases() {
  std::vector<Case> list;
  const auto one = [&](const char* name, auto body) {
    list.push_back({name, [body](Recorder& r) {
                      return body(r, r.product(r.input("X", 4, 3), r.parameter("W", 3, 5)));
                    }});
  };
  one("square", [](Recorder& r, Value a) { return r.product(r.transposed(a), a); });
  one("sum", [](Recorder& r, Value a) { return r.sum(a, r.times(a, r.parameter("b", 4, 5))); });
  one("sum with itself", [](Recorder& r, Value a) { return r.sum(a, a); });
  one("one row", [](Recorder& r, Value a) {
    return r.sum(r.times(a, r.parameter("gain", 1, 5)), r.rows(r.gelu(a), 2, 1));
  });
  one("times a constant", [](Recorder& r, Value a) {
    return r.times(a, r.constant(1, 5, std::vector{1., -2., 0., 4., 5.}));
  });
  one("scale", [](Recorder& r, Value a) { return r.scale(a, -0.3); });
  one("rows", [](Recorder& r, Value a) {
    return r.product(r.rows(a, 1, 2), r.transposed(r.rows(a, 0, 3)));
  });
  one("rows alone", [](Recorder& r, Value a) { return r.rows(r.rows(a, 1, 3), 1, 1); });
  one("columns",
      [](Recorder& r, Value a) { return r.times(r.columns(a, 1, 2), r.columns(a, 2, 2)); });
  one("beside", [](Recorder& r, Value a) {
    return r.gelu(r.beside(r.parameter("b", 4, 2), r.beside(a, a)));
  });
  one("above",
      [](Recorder& r, Value a) { return r.gelu(r.above(a, r.above(r.parameter("b", 2, 5), a))); });
  one("gelu", [](Recorder& r, Value a) { return r.gelu(r.scale(a, 3)); });
  one("softmax", [](Recorder& r, Value a) { return r.softmax(r.scale(a, 2)); });
  one("causal softmax",
      [](Recorder& r, Value a) { return r.softmax(r.columns(a, 0, 4), causal_mask(4)); });
  one("normalise", [](Recorder& r, Value a) { return r.normalise(a, 0.01); });
  one("clip", [](Recorder& r, Value a) { return r.clip(a, -0.5, 0.4); });
  one("loss", [](Recorder& r, Value a) { return r.half_squared_error(a, r.gelu(a)); });
  one("output used again", [](Recorder& r, Value a) {
    r.gelu(a);  // what the output does not depend on
    return a;
  });
  list.push_back({"network", [](Recorder& r) { return record_network(r, 4, 3, 5, 4); }});
  list.push_back({"wider network", [](Recorder& r) { return record_network(r, 9, 2, 8, 7); }});
  return list;
}

Setting setting_of(const Case& c) {
  Recorder r;
  const Value output = c.record(r);
  return Setting(r.finish(output).value());
}

TEST(TapeRun, EveryNodeIsThatOfThePlainLoops) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    test::expect_values(setting_of(c));
  }
}

TEST(TapeRun, GradientsAreCentralDifferences) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    test::expect_gradients(setting_of(c), 25);
  }
}

TEST(TapeRun, FloatIsDoubleRounded) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    test::expect_float(setting_of(c));
  }
}

// A loss is [1, 1], and its gradient that of a cotangent of ones.
TEST(TapeRun, BackwardFromALossHasACotangentOfOne) {
  const Setting s = setting_of(cases().back());
  AlignedArray<double> ones(kLanes), given(s.tape.parameters() * kLanes), own(given.size());
  std::fill(ones.begin(), ones.end(), 1.0);
  Filled<double> run(s);
  run.forward(s.theta.data());
  run.backward(ones.data(), given.data());
  run.backward(own.data());
  for (std::size_t i = 0; i < own.size(); ++i) ASSERT_EQ(own[i], given[i]);
}

TEST(TapeRun, WithoutAdjointsOfInputsOrOfThetaTheOthersAreTheSame) {
  const Setting s = setting_of(cases().back());
  AlignedArray<double> cotangent(kLanes), with(s.tape.parameters() * kLanes), without(with.size());
  std::fill(cotangent.begin(), cotangent.end(), 1.0);
  Filled<double> run(s);
  run.forward(s.theta.data());
  run.backward(cotangent.data(), with.data());
  const Value tokens = s.inputs[0].value;
  const std::vector<double> adjoint(run.adjoint(tokens), run.adjoint(tokens) + 20 * kLanes);
  run.backward(cotangent.data(), nullptr);
  EXPECT_EQ(adjoint, std::vector<double>(run.adjoint(tokens), run.adjoint(tokens) + 20 * kLanes));

  TapeRun<double> plain(s.tape);
  EXPECT_EQ(plain.adjoint(tokens), nullptr);
  for (const CaseInput& input : s.inputs) {
    const Value v = input.value;
    std::copy_n(run.values(v), s.tape.node(v).size() * kLanes, plain.values(v));
  }
  plain.forward(s.theta.data());
  plain.backward(cotangent.data(), without.data());
  for (std::size_t i = 0; i < with.size(); ++i) ASSERT_EQ(with[i], without[i]);
}

// Scores far apart, and arguments where exp would leave the range.
TEST(TapeRun, LargeNumbersStayFinite) {
  Recorder r;
  const Value x = r.input("x", 1, 4);
  const Value soft = r.softmax(x), gelu = r.gelu(x);
  const auto tape = r.finish(r.product(soft, r.transposed(gelu)));
  ASSERT_TRUE(tape);
  test::for_each_target([&] {
    TapeRun<float> run(*tape, true);
    const float numbers[] = {1e4f, -1e4f, 200.f, -3e3f};
    for (std::size_t e = 0; e < 4; ++e) std::fill_n(run.values(x) + e * kLanes, kLanes, numbers[e]);
    run.forward(nullptr);
    const float expected_soft[] = {1, 0, 0, 0}, expected_gelu[] = {1e4f, 0, 200, 0};
    for (std::size_t e = 0; e < 4; ++e) {
      EXPECT_NEAR(run.values(soft)[e * kLanes], expected_soft[e], 1e-30f);
      EXPECT_NEAR(run.values(gelu)[e * kLanes], expected_gelu[e], 1e-25f);
    }
    AlignedArray<float> cotangent(kLanes);
    std::fill(cotangent.begin(), cotangent.end(), 1.f);
    run.backward(cotangent.data(), nullptr);
    for (std::size_t e = 0; e < 4 * kLanes; ++e) EXPECT_TRUE(std::isfinite(run.adjoint(x)[e]));
  });
}

}  // namespace
}  // namespace gramian
