// A tape with random weights, inputs and cotangent, in lanes and by prompt, and the three checks
// that every case passes on every instruction set.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "gramian/bench/tape_cases.h"
#include "gramian/random/philox.h"
#include "gramian/tape/reference.h"
#include "gramian/tape/tape_run.h"
#include "tests/support/targets.h"

namespace gramian::test {

inline double number(std::uint32_t stream, std::size_t i) {
  const auto words = philox({7, 0}, {static_cast<std::uint32_t>(i), 0, 0, stream});
  return 2 * (words[0] / 4294967296.0) - 1;
}

struct Setting {
  Tape tape;
  std::vector<CaseInput> inputs;
  std::vector<double> theta;

  explicit Setting(RecordedCase c) : tape(std::move(c.tape)), inputs(std::move(c.inputs)) {
    for (std::size_t i = 0; i < tape.parameters(); ++i) theta.push_back(number(0, i));
  }
  // All inputs are numbers.
  explicit Setting(Tape recorded) : Setting(RecordedCase{std::move(recorded), {}}) {
    for (std::size_t i = 0; i < tape.nodes().size(); ++i) {
      if (tape.nodes()[i].operation == Operation::input) inputs.push_back({.value = tape.value(i)});
    }
  }

  std::vector<std::vector<double>> inputs_of(std::size_t prompt) const {
    std::vector<std::vector<double>> all;
    for (const CaseInput& input : inputs) {
      all.emplace_back();
      const auto stream = static_cast<std::uint32_t>(tape.index(input.value) + 1);
      for (std::size_t e = 0; e < tape.node(input.value).size(); ++e)
        all.back().push_back(case_number(input, number(stream, e * kLanes + prompt)));
    }
    return all;
  }
  std::size_t output_size() const {
    return tape.nodes()[static_cast<std::size_t>(tape.output())].size();
  }
  double cotangent(std::size_t e, std::size_t prompt) const {
    return number(1000, e * kLanes + prompt);
  }
  template <class T>
  AlignedArray<T> cotangents() const {
    AlignedArray<T> all(output_size() * kLanes);
    for (std::size_t e = 0; e < output_size(); ++e) {
      for (std::size_t p = 0; p < kLanes; ++p)
        all[e * kLanes + p] = static_cast<T>(cotangent(e, p));
    }
    return all;
  }

  // sum of the output times the cotangent.
  double objective(const std::vector<double>& weights, const std::vector<std::vector<double>>& in,
                   std::size_t prompt) const {
    const auto all = evaluate(tape, weights, in);
    double sum = 0;
    for (std::size_t e = 0; e < output_size(); ++e)
      sum += all[static_cast<std::size_t>(tape.output())][e] * cotangent(e, prompt);
    return sum;
  }
};

// A run with its inputs filled in.
template <class T>
class Filled : public TapeRun<T> {
 public:
  explicit Filled(const Setting& s) : TapeRun<T>(s.tape, true) {
    for (std::size_t p = 0; p < kLanes; ++p) {
      const auto in = s.inputs_of(p);
      for (std::size_t k = 0; k < in.size(); ++k) {
        for (std::size_t e = 0; e < in[k].size(); ++e)
          this->values(s.inputs[k].value)[e * kLanes + p] = static_cast<T>(in[k][e]);
      }
    }
  }
  T* at(std::size_t node) { return this->values(this->tape().value(node)); }
};

inline double largest(const std::vector<double>& values) {
  double most = 1;
  for (const double v : values) most = std::max(most, std::abs(v));
  return most;
}

// Each node of a run in double is that of the plain loops, to 1e-12.
inline void expect_values(const Setting& s) {
  for_each_target([&] {
    Filled<double> run(s);
    run.forward(s.theta.data());
    for (const std::size_t p : {0u, 7u, 15u}) {
      const auto expected = evaluate(s.tape, s.theta, s.inputs_of(p));
      for (std::size_t i = 0; i < expected.size(); ++i) {
        if (s.tape.nodes()[i].shared()) continue;
        const double* values = run.at(i);
        for (std::size_t e = 0; e < expected[i].size(); ++e) {
          ASSERT_NEAR(values[e * kLanes + p], expected[i][e], 1e-12 * largest(expected[i]))
              << name_of(s.tape.nodes()[i].operation) << ", node " << i << ", prompt " << p;
        }
      }
    }
  });
}

// A derivative that the plain loops give by central differences.
struct Difference {
  int input;  // -1: of theta
  std::size_t entry, prompt;
  double value;
};

// Of at most `most` entries of theta and of each input into which a gradient flows.
inline std::vector<Difference> differences(const Setting& s, std::size_t most) {
  std::vector<Difference> all;
  const auto fourth_order = [](const auto& slope) { return (4 * slope(5e-5) - slope(1e-4)) / 3; };
  for (const std::size_t p : {3u, 12u}) {
    const auto in = s.inputs_of(p);
    for (std::size_t i = 0; i < s.theta.size(); i += s.theta.size() / most + 1) {
      all.push_back({-1, i, p, fourth_order([&](double h) {
                       auto up = s.theta, down = s.theta;
                       up[i] += h, down[i] -= h;
                       return (s.objective(up, in, p) - s.objective(down, in, p)) / (2 * h);
                     })});
    }
    for (std::size_t k = 0; k < in.size(); ++k) {
      const InputKind kind = s.inputs[k].kind;
      if (kind != InputKind::numbers && kind != InputKind::positive && kind != InputKind::shares)
        continue;
      for (std::size_t e = 0; e < in[k].size(); e += in[k].size() / most + 1) {
        all.push_back({static_cast<int>(k), e, p, fourth_order([&](double h) {
                         auto up = in, down = in;
                         up[k][e] += h, down[k][e] -= h;
                         return (s.objective(s.theta, up, p) - s.objective(s.theta, down, p)) /
                                (2 * h);
                       })});
      }
    }
  }
  return all;
}

// The gradients of a run in double are central differences, to 1e-6.
inline void expect_gradients(const Setting& s, std::size_t most) {
  const std::vector<Difference> expected = differences(s, most);
  for_each_target([&] {
    Filled<double> run(s);
    const AlignedArray<double> cotangents = s.cotangents<double>();
    AlignedArray<double> dtheta(s.tape.parameters() * kLanes);
    std::fill(dtheta.begin(), dtheta.end(), 1.0);  // to be added to
    for (int repeat = 0; repeat < 2; ++repeat) {   // a second pass finds the memory of the first
      run.forward(s.theta.data());
      run.backward(cotangents.data(), dtheta.data());
    }
    for (const Difference& d : expected) {
      const double tolerance = 1e-6 * std::max(1.0, std::abs(d.value));
      if (d.input < 0) {
        ASSERT_NEAR(dtheta[d.entry * kLanes + d.prompt], 1 + 2 * d.value, tolerance)
            << "parameter " << d.entry;
        continue;
      }
      const double* adjoint = run.adjoint(s.inputs[static_cast<std::size_t>(d.input)].value);
      ASSERT_NE(adjoint, nullptr);
      ASSERT_NEAR(adjoint[d.entry * kLanes + d.prompt], d.value, tolerance)
          << "input " << d.input << ", entry " << d.entry;
    }
  });
}

// Output and gradient in float are those in double, to some hundred units in the last place of the
// largest number among them.
inline void expect_float(const Setting& s) {
  constexpr double kEpsilon = std::numeric_limits<float>::epsilon();
  for_each_target([&] {
    Filled<float> single(s);
    Filled<double> twice(s);
    const std::vector<float> theta(s.theta.begin(), s.theta.end());
    AlignedArray<float> dtheta(s.tape.parameters() * kLanes);
    AlignedArray<double> dtheta_twice(dtheta.size());
    single.forward(theta.data());
    twice.forward(s.theta.data());
    single.backward(s.cotangents<float>().data(), dtheta.data());
    twice.backward(s.cotangents<double>().data(), dtheta_twice.data());
    const auto near = [](const float* a, const double* b, std::size_t size, const char* what) {
      const double scale = largest({b, b + size});
      for (std::size_t i = 0; i < size; ++i)
        ASSERT_NEAR(a[i], b[i], 200 * kEpsilon * scale) << what;
    };
    const auto output = static_cast<std::size_t>(s.tape.output());
    near(single.at(output), twice.at(output), s.output_size() * kLanes, "output");
    near(dtheta.data(), dtheta_twice.data(), dtheta.size(), "gradient");
  });
}

}  // namespace gramian::test
