// Every operation and whole networks: kernels against plain loops, and gradients against central
// differences.
#include "gramian/tape/tape_run.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "gramian/random/philox.h"
#include "gramian/tape/reference.h"
#include "tests/support/targets.h"

namespace gramian {
namespace {

struct Case {
  const char* name;
  std::function<Value(Recorder&)> record;
};

std::vector<double> causal(int rows, int columns) {
  std::vector<double> mask;
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < columns; ++j) mask.push_back(j <= i ? 1 : 0);
  }
  return mask;
}

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
    const Value attention =
        soft ? r.softmax(scores, causal(n + 1, n + 1)) : r.scale(scores, 1.0 / n);
    e = r.clip(r.sum(e, r.product(r.product(attention, v), r.parameter("P", key, width))), -2.5,
               2.5);
  }
  const Value prediction = r.scale(r.columns(r.rows(e, n, 1), width - 1, 1), -1);
  return r.half_squared_error(prediction, r.input("target", 1, 1));
}

std::vector<Case> cases() {
  std::vector<Case> list;
  // Products: each side of a prompt or shared, transposed or not, sizes around the register tiles.
  for (const bool shared_left : {false, true}) {
    for (const bool shared_right : {false, true}) {
      if (shared_left && shared_right) continue;
      for (const bool left : {false, true}) {
        for (const bool right : {false, true}) {
          for (const int size : {1, 3, 5, 8}) {
            list.push_back(
                {"product", [=](Recorder& r) {
                   const int rows = size, inner = size + 2, columns = 2 * size - 1;
                   const auto matrix = [&](bool shared, int m, int n) {
                     return shared ? r.parameter("W", m, n)
                                   : r.product(r.input("X", m, 2), r.parameter("U", 2, n));
                   };
                   const Value a = matrix(shared_left, left ? inner : rows, left ? rows : inner);
                   const Value b =
                       matrix(shared_right, right ? columns : inner, right ? inner : columns);
                   return r.product(left ? r.transposed(a) : a, right ? r.transposed(b) : b);
                 }});
          }
        }
      }
    }
  }
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
  one("causal softmax", [](Recorder& r, Value a) { return r.softmax(a, causal(4, 5)); });
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

double number(std::uint32_t stream, std::size_t i) {
  const auto words = philox({7, 0}, {static_cast<std::uint32_t>(i), 0, 0, stream});
  return 2 * (words[0] / 4294967296.0) - 1;
}

// A tape with random weights, inputs and cotangent, in lanes and by prompt.
struct Setting {
  Tape tape;
  std::vector<double> theta;
  std::vector<int> inputs;  // nodes

  explicit Setting(const Case& c) : tape(recorded(c)) {
    for (std::size_t i = 0; i < tape.parameters(); ++i) theta.push_back(number(0, i));
    for (std::size_t i = 0; i < tape.nodes().size(); ++i) {
      if (tape.nodes()[i].operation == Operation::input) inputs.push_back(static_cast<int>(i));
    }
  }
  static Tape recorded(const Case& c) {
    Recorder r;
    const Value output = c.record(r);
    return r.finish(output).value();
  }
  std::vector<std::vector<double>> inputs_of(std::size_t prompt) const {
    std::vector<std::vector<double>> all;
    for (const int i : inputs) {
      all.emplace_back();
      for (std::size_t e = 0; e < tape.nodes()[static_cast<std::size_t>(i)].size(); ++e) {
        all.back().push_back(number(static_cast<std::uint32_t>(i + 1), e * kLanes + prompt));
      }
    }
    return all;
  }
  std::size_t output_size() const {
    return tape.nodes()[static_cast<std::size_t>(tape.output())].size();
  }
  double seed(std::size_t e, std::size_t prompt) const { return number(1000, e * kLanes + prompt); }

  // sum of the output times the seed.
  double objective(const std::vector<double>& weights, const std::vector<std::vector<double>>& in,
                   std::size_t prompt) const {
    const auto all = evaluate(tape, weights, in);
    double sum = 0;
    for (std::size_t e = 0; e < output_size(); ++e) {
      sum += all[static_cast<std::size_t>(tape.output())][e] * seed(e, prompt);
    }
    return sum;
  }
};

// A run with its inputs filled in.
template <class T>
class Filled : public TapeRun<T> {
 public:
  explicit Filled(const Setting& s) : TapeRun<T>(s.tape, true) {
    for (std::size_t k = 0; k < s.inputs.size(); ++k) {
      for (std::size_t p = 0; p < kLanes; ++p) {
        const auto in = s.inputs_of(p);
        for (std::size_t e = 0; e < in[k].size(); ++e)
          at(s.inputs[k])[e * kLanes + p] = static_cast<T>(in[k][e]);
      }
    }
  }
  T* at(int node) { return this->values(this->tape().value(static_cast<std::size_t>(node))); }
  const T* adjoint_at(int node) {
    return this->adjoint(this->tape().value(static_cast<std::size_t>(node)));
  }
};

double largest(const std::vector<double>& values) {
  double most = 1;
  for (const double v : values) most = std::max(most, std::abs(v));
  return most;
}

TEST(TapeRun, EveryNodeIsThatOfThePlainLoops) {
  test::for_each_target([] {
    for (const Case& c : cases()) {
      SCOPED_TRACE(c.name);
      const Setting s(c);
      Filled<double> run(s);
      run.forward(s.theta.data());
      for (const std::size_t p : {0u, 7u, 15u}) {
        const auto expected = evaluate(s.tape, s.theta, s.inputs_of(p));
        for (std::size_t i = 0; i < expected.size(); ++i) {
          if (s.tape.nodes()[i].shared()) continue;
          const double* values = run.at(static_cast<int>(i));
          for (std::size_t e = 0; e < expected[i].size(); ++e) {
            ASSERT_NEAR(values[e * kLanes + p], expected[i][e], 1e-12 * largest(expected[i]))
                << name_of(s.tape.nodes()[i].operation) << ", node " << i << ", prompt " << p;
          }
        }
      }
    }
  });
}

TEST(TapeRun, GradientsAreCentralDifferences) {
  test::for_each_target([] {
    for (const Case& c : cases()) {
      SCOPED_TRACE(c.name);
      const Setting s(c);
      Filled<double> run(s);
      AlignedArray<double> seed(s.output_size() * kLanes), dtheta(s.tape.parameters() * kLanes);
      for (std::size_t e = 0; e < s.output_size(); ++e) {
        for (std::size_t p = 0; p < kLanes; ++p) seed[e * kLanes + p] = s.seed(e, p);
      }
      std::fill(dtheta.begin(), dtheta.end(), 1.0);  // to be added to
      for (int repeat = 0; repeat < 2; ++repeat) {   // a second pass finds the memory of the first
        run.forward(s.theta.data());
        run.backward(seed.data(), dtheta.data());
      }
      for (const std::size_t p : {3u, 12u}) {
        const auto in = s.inputs_of(p);
        const std::size_t stride = std::max<std::size_t>(1, s.theta.size() / 25);
        for (std::size_t i = 0; i < s.theta.size(); i += stride) {
          const auto slope = [&](double h) {
            auto up = s.theta, down = s.theta;
            up[i] += h, down[i] -= h;
            return (s.objective(up, in, p) - s.objective(down, in, p)) / (2 * h);
          };
          const double difference = (4 * slope(5e-5) - slope(1e-4)) / 3;
          ASSERT_NEAR(dtheta[i * kLanes + p], 1 + 2 * difference,
                      1e-6 * std::max(1.0, std::abs(difference)))
              << "parameter " << i;
        }
        for (std::size_t k = 0; k < in.size(); ++k) {
          const double* adjoint = run.adjoint_at(s.inputs[k]);
          ASSERT_NE(adjoint, nullptr);
          for (std::size_t e = 0; e < in[k].size(); ++e) {
            const auto slope = [&](double h) {
              auto up = in, down = in;
              up[k][e] += h, down[k][e] -= h;
              return (s.objective(s.theta, up, p) - s.objective(s.theta, down, p)) / (2 * h);
            };
            const double difference = (4 * slope(5e-5) - slope(1e-4)) / 3;
            ASSERT_NEAR(adjoint[e * kLanes + p], difference,
                        1e-6 * std::max(1.0, std::abs(difference)))
                << "input " << k << ", entry " << e;
          }
        }
      }
    }
  });
}

TEST(TapeRun, FloatIsDoubleRounded) {
  test::for_each_target([] {
    for (const Case& c : cases()) {
      SCOPED_TRACE(c.name);
      const Setting s(c);
      Filled<float> single(s);
      Filled<double> twice(s);
      const std::vector<float> theta(s.theta.begin(), s.theta.end());
      single.forward(theta.data());
      twice.forward(s.theta.data());
      const float* a = single.at(s.tape.output());
      const double* b = twice.at(s.tape.output());
      for (std::size_t i = 0; i < s.output_size() * kLanes; ++i)
        ASSERT_NEAR(a[i], b[i], 3e-5 * std::max(1.0, std::abs(b[i])));
    }
  });
}

TEST(TapeRun, WithoutAdjointsOfInputsOrOfThetaTheOthersAreTheSame) {
  const Setting s(cases().back());
  AlignedArray<double> seed(kLanes), with(s.tape.parameters() * kLanes), without(with.size());
  std::fill(seed.begin(), seed.end(), 1.0);
  Filled<double> run(s);
  run.forward(s.theta.data());
  run.backward(seed.data(), with.data());
  const int tokens = s.inputs[0];
  const std::vector<double> adjoint(run.adjoint_at(tokens), run.adjoint_at(tokens) + 20 * kLanes);
  run.backward(seed.data(), nullptr);
  EXPECT_EQ(adjoint,
            std::vector<double>(run.adjoint_at(tokens), run.adjoint_at(tokens) + 20 * kLanes));

  TapeRun<double> plain(s.tape);
  EXPECT_EQ(plain.adjoint(s.tape.value(static_cast<std::size_t>(tokens))), nullptr);
  for (const int i : s.inputs) {
    const Value v = s.tape.value(static_cast<std::size_t>(i));
    std::copy_n(run.values(v), s.tape.node(v).size() * kLanes, plain.values(v));
  }
  plain.forward(s.theta.data());
  plain.backward(seed.data(), without.data());
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
    AlignedArray<float> seed(kLanes);
    std::fill(seed.begin(), seed.end(), 1.f);
    run.backward(seed.data(), nullptr);
    for (std::size_t e = 0; e < 4 * kLanes; ++e) EXPECT_TRUE(std::isfinite(run.adjoint(x)[e]));
  });
}

}  // namespace
}  // namespace gramian
