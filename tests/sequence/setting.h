// Random sequences for the tests of mixers, with everything that an input may have, and how the
// results of two forms are compared.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "gramian/sequence/features.h"
#include "gramian/sequence/mixer.h"

namespace gramian::test {

inline std::vector<double> normals(std::mt19937_64& generator, std::size_t count, double size = 1) {
  std::normal_distribution<double> normal(0, size);
  std::vector<double> numbers(count);
  for (double& x : numbers) x = normal(generator);
  return numbers;
}

template <class To, class From>
std::vector<To> converted(const std::vector<From>& from) {
  std::vector<To> to;
  for (const From x : from) to.push_back(static_cast<To>(x));
  return to;
}

template <class T>
std::ptrdiff_t width_of(std::size_t columns, T) {
  return static_cast<std::ptrdiff_t>(columns);
}

// What the loss sum_t dout_t . o_t + dfinal . S_T depends on, and its size.
template <class T>
struct Sequence {
  CausalMixer mixer;
  std::size_t tokens = 0, key = 0, value = 0;
  std::vector<T> q, k, v, decay, strength, initial, dout, dfinal;

  std::size_t state() const { return mixer.state_size(key, value); }

  static Sequence random(const CausalMixer& mixer, std::size_t tokens, std::size_t key,
                         std::size_t value, std::uint64_t seed) {
    std::mt19937_64 generator(seed);
    std::uniform_real_distribution<double> unit(0.0, 1.0);
    Sequence s{mixer, tokens, key, value, {}, {}, {}, {}, {}, {}, {}, {}};
    const double size = 1 / std::sqrt(static_cast<double>(key));
    s.q = converted<T>(normals(generator, tokens * key));
    s.k = converted<T>(normals(generator, tokens * key, size));
    s.v = converted<T>(normals(generator, tokens * value));
    s.dout = converted<T>(normals(generator, tokens * value));
    s.initial = converted<T>(normals(generator, s.state()));
    s.dfinal = converted<T>(normals(generator, s.state()));
    // A normaliser must stay away from zero: its features are positive, and so is its column.
    for (std::size_t e = 0; mixer.normalise && e < key * (value + 1); ++e) {
      if ((e + 1) % (value + 1) == 0) s.initial[e] = std::abs(s.initial[e]) + 1;
    }
    for (std::size_t t = 0; t < tokens; ++t) {
      s.decay.push_back(static_cast<T>(0.5 + 0.5 * unit(generator)));
      // The delta rule stays bounded where beta |k|^2 <= 2, k behind its feature map.
      double square = 0;
      for (std::size_t i = 0; i < key; ++i) {
        const double k = feature(mixer.features, static_cast<double>(s.k[t * key + i]));
        square += k * k;
      }
      const double bound = mixer.rule == StateRule::delta ? std::max(1.0, square) : 1;
      s.strength.push_back(static_cast<T>((0.2 + unit(generator)) / bound));
    }
    return s;
  }

  template <class To>
  Sequence<To> as() const {
    return {mixer,
            tokens,
            key,
            value,
            converted<To>(q),
            converted<To>(k),
            converted<To>(v),
            converted<To>(decay),
            converted<To>(strength),
            converted<To>(initial),
            converted<To>(dout),
            converted<To>(dfinal)};
  }

  // Arrays that are empty are left out of the input.
  MixerInput<T> input() const {
    const auto or_null = [](const std::vector<T>& array) {
      return array.empty() ? nullptr : array.data();
    };
    return {.tokens = tokens,
            .key = key,
            .value = value,
            .q = {q.data(), width_of(key, T())},
            .k = {k.data(), width_of(key, T())},
            .v = {v.data(), width_of(value, T())},
            .decay = or_null(decay),
            .strength = or_null(strength),
            .initial = or_null(initial)};
  }
};

template <class T>
struct Outputs {
  std::vector<T> o, final;

  template <class Form>
  static Outputs of(const Sequence<T>& s, Form form) {
    Outputs out{std::vector<T>(s.tokens * s.value), std::vector<T>(s.state())};
    form(s.mixer, s.input(),
         MixerOutput<T>{{out.o.data(), width_of(s.value, T())}, out.final.data()});
    return out;
  }
};

template <class T>
struct Gradients {
  std::vector<T> dq, dk, dv, ddecay, dstrength, dinitial;
  std::vector<T> dmomentum = std::vector<T>(1);  // stays 0 where a mixer has none

  template <class Form>
  static Gradients of(const Sequence<T>& s, Form form) {
    Gradients g{std::vector<T>(s.q.size()), std::vector<T>(s.k.size()), std::vector<T>(s.v.size()),
                std::vector<T>(s.tokens),   std::vector<T>(s.tokens),   std::vector<T>(s.state())};
    form(s.mixer, s.input(),
         MixerAdjoint<T>{.dout = {s.dout.data(), width_of(s.value, T())},
                         .dfinal = s.dfinal.empty() ? nullptr : s.dfinal.data(),
                         .dq = {g.dq.data(), width_of(s.key, T())},
                         .dk = {g.dk.data(), width_of(s.key, T())},
                         .dv = {g.dv.data(), width_of(s.value, T())},
                         .ddecay = g.ddecay.data(),
                         .dstrength = g.dstrength.data(),
                         .dinitial = g.dinitial.data(),
                         .dmomentum = g.dmomentum.data()});
    return g;
  }
};

// That `slope` is the derivative of loss() with respect to each entry of x, which loss() reads, to
// `absolute` and `relative` times the slope.
template <class Loss>
void expect_central_differences(std::vector<double>& x, const std::vector<double>& slope,
                                const char* what, Loss loss, double absolute = 1e-7,
                                double relative = 1e-7) {
  for (std::size_t e = 0; e < x.size(); ++e) {
    const double kept = x[e], step = 1e-5;
    x[e] = kept + step;
    const double above = loss();
    x[e] = kept - step;
    const double below = loss();
    x[e] = kept;
    EXPECT_NEAR(slope[e], (above - below) / (2 * step), absolute + relative * std::abs(slope[e]))
        << what << ' ' << e;
  }
}

// The largest difference, relative to the largest number of `want` (and at least to 1).
template <class T, class U>
double distance(const std::vector<T>& got, const std::vector<U>& want) {
  EXPECT_EQ(got.size(), want.size());
  double most = 1, gap = 0;
  for (std::size_t e = 0; e < std::min(got.size(), want.size()); ++e) {
    most = std::max(most, std::abs(static_cast<double>(want[e])));
    const double here = std::abs(static_cast<double>(got[e]) - static_cast<double>(want[e]));
    gap = here <= gap ? gap : here;  // a NaN stays
  }
  return gap / most;
}

template <class T, class U>
void expect_same(const Outputs<T>& got, const Outputs<U>& want, double tolerance) {
  EXPECT_LE(distance(got.o, want.o), tolerance) << "o";
  EXPECT_LE(distance(got.final, want.final), tolerance) << "final";
}

template <class T, class U>
void expect_same(const Gradients<T>& got, const Gradients<U>& want, double tolerance) {
  EXPECT_LE(distance(got.dq, want.dq), tolerance) << "dq";
  EXPECT_LE(distance(got.dk, want.dk), tolerance) << "dk";
  EXPECT_LE(distance(got.dv, want.dv), tolerance) << "dv";
  EXPECT_LE(distance(got.ddecay, want.ddecay), tolerance) << "ddecay";
  EXPECT_LE(distance(got.dstrength, want.dstrength), tolerance) << "dstrength";
  EXPECT_LE(distance(got.dinitial, want.dinitial), tolerance) << "dinitial";
  EXPECT_LE(distance(got.dmomentum, want.dmomentum), tolerance) << "dmomentum";
}

}  // namespace gramian::test
