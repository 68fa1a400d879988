// One list of mixers, run in all forms: recurrent, masked and chunked, forward and back.
#include <fmt/format.h>

#include <limits>

#include "gramian/sequence/chunked.h"
#include "gramian/sequence/masked.h"
#include "tests/sequence/setting.h"
#include "tests/support/targets.h"

namespace gramian {
namespace {

using test::expect_central_differences;
using test::expect_same;
using test::Gradients;
using test::Outputs;
using test::Sequence;

constexpr auto kRecurrent = [](const auto&... a) { mix(a...); };
constexpr auto kMasked = [](const auto&... a) { mix_masked(a...); };
constexpr auto kRecurrentAdjoint = [](const auto&... a) { mix_adjoint(a...); };
constexpr auto kMaskedAdjoint = [](const auto&... a) { mix_masked_adjoint(a...); };

struct NamedMixer {
  const char* name;
  CausalMixer mixer;
};
const NamedMixer kMixers[] = {
    {"additive", {}},
    {"scaled", {.scale = 0.3}},
    {"relu", {.features = FeatureMap::relu, .scale = 2}},
    {"normalised", {.features = FeatureMap::elu_plus_one, .normalise = true, .scale = 0.7}},
    {"momentum", {.scale = 0.3, .momentum = 0.6}},
    {"momentum of 0", {.momentum = 0}},
    {"momentum of features",
     {.features = FeatureMap::elu_plus_one, .normalise = true, .momentum = 0.95}},
    {"delta", {.rule = StateRule::delta, .scale = 0.3}},
    {"delta of features", {.rule = StateRule::delta, .features = FeatureMap::elu_plus_one}}};

struct MixerSize {
  std::size_t tokens, key, value;
};
// Around the tiles of four tokens and around registers; 1000 tokens once, since the masked form is
// of the square of that.
constexpr MixerSize kMixerSizes[] = {{1, 1, 1},   {15, 3, 5}, {16, 32, 32}, {17, 16, 33},
                                     {7, 40, 17}, {5, 2, 64}, {1000, 4, 3}};

template <class Check>
void for_each_sequence(Check check) {
  for (const auto& [name, mixer] : kMixers) {
    for (const auto& [tokens, key, value] : kMixerSizes) {
      SCOPED_TRACE(fmt::format("{}, T = {}, {} x {}", name, tokens, key, value));
      check(Sequence<double>::random(mixer, tokens, key, value, tokens + 100 * key + value));
    }
  }
}

// The delta rule is a product of T matrices, in which rounding may grow; the others are sums.
TEST(Mixer, RecurrentMaskedAndChunkedAreOne) {
  for_each_sequence([](const Sequence<double>& s) {
    const auto masked = Outputs<double>::of(s, kMasked);
    test::for_each_target([&] { expect_same(Outputs<double>::of(s, kRecurrent), masked, 1e-11); });
    for (const std::size_t chunk : {1, 7, 16, 64}) {
      SCOPED_TRACE(chunk);
      const auto chunked = [&](const auto&... a) { mix_chunked(a..., chunk); };
      expect_same(Outputs<double>::of(s, chunked), masked, 1e-11);
    }
  });
}

TEST(Mixer, AdjointsOfTheFormsAreOne) {
  for_each_sequence([](const Sequence<double>& s) {
    const auto masked = Gradients<double>::of(s, kMaskedAdjoint);
    test::for_each_target(
        [&] { expect_same(Gradients<double>::of(s, kRecurrentAdjoint), masked, 1e-10); });
  });
}

double loss_of(const Sequence<double>& s) {
  const auto out = Outputs<double>::of(s, kRecurrent);
  double sum = 0;
  for (std::size_t e = 0; e < out.o.size(); ++e) sum += out.o[e] * s.dout[e];
  for (std::size_t e = 0; e < out.final.size(); ++e) sum += out.final[e] * s.dfinal[e];
  return sum;
}

TEST(Mixer, AdjointsAreCentralDifferences) {
  for (const auto& [name, mixer] : kMixers) {
    SCOPED_TRACE(name);
    Sequence<double> s = Sequence<double>::random(mixer, 9, 3, 4, 7);
    s.decay[4] = 0;
    const auto g = Gradients<double>::of(s, kRecurrentAdjoint);
    const auto check = [&](std::vector<double>& x, const std::vector<double>& slope,
                           const char* what) {
      expect_central_differences(x, slope, what, [&] { return loss_of(s); });
    };
    check(s.q, g.dq, "q");
    check(s.k, g.dk, "k");
    check(s.v, g.dv, "v");
    check(s.decay, g.ddecay, "decay");
    check(s.strength, g.dstrength, "strength");
    check(s.initial, g.dinitial, "initial");
    if (!mixer.momentum || *mixer.momentum == 0) continue;  // below 0 there is none
    std::vector<double> mu{*mixer.momentum};
    expect_central_differences(mu, g.dmomentum, "momentum", [&] {
      s.mixer.momentum = mu[0];
      return loss_of(s);
    });
  }
}

// The tokens [first, last) of a sequence, with states of its own.
Sequence<double> part_of(const Sequence<double>& s, std::size_t first, std::size_t last) {
  const auto rows = [&](const std::vector<double>& x, std::size_t columns) {
    return std::vector<double>(x.begin() + static_cast<std::ptrdiff_t>(first * columns),
                               x.begin() + static_cast<std::ptrdiff_t>(last * columns));
  };
  return {s.mixer,
          last - first,
          s.key,
          s.value,
          rows(s.q, s.key),
          rows(s.k, s.key),
          rows(s.v, s.value),
          rows(s.decay, 1),
          rows(s.strength, 1),
          {},
          rows(s.dout, s.value),
          {}};
}

TEST(Mixer, ASequenceMayBeCutAnywhere) {
  for (const auto& [name, mixer] : kMixers) {
    const Sequence<double> whole = Sequence<double>::random(mixer, 37, 5, 6, 11);
    const auto out = Outputs<double>::of(whole, kRecurrent);
    const auto gradients = Gradients<double>::of(whole, kRecurrentAdjoint);
    for (const std::size_t cut :
         {std::size_t{0}, std::size_t{1}, std::size_t{16}, std::size_t{36}, std::size_t{37}}) {
      SCOPED_TRACE(fmt::format("{}, cut at {}", name, cut));
      Sequence<double> head = part_of(whole, 0, cut), tail = part_of(whole, cut, whole.tokens);
      head.initial = whole.initial;
      Outputs<double> joined = Outputs<double>::of(head, kRecurrent);
      tail.initial = joined.final;
      const Outputs<double> behind = Outputs<double>::of(tail, kRecurrent);
      joined.o.insert(joined.o.end(), behind.o.begin(), behind.o.end());
      joined.final = behind.final;
      expect_same(joined, out, 1e-12);

      tail.dfinal = whole.dfinal;
      const auto of_tail = Gradients<double>::of(tail, kRecurrentAdjoint);
      head.dfinal = of_tail.dinitial;
      auto all = Gradients<double>::of(head, kRecurrentAdjoint);
      const auto append = [](std::vector<double>& to, const std::vector<double>& more) {
        to.insert(to.end(), more.begin(), more.end());
      };
      append(all.dq, of_tail.dq);
      append(all.dk, of_tail.dk);
      append(all.dv, of_tail.dv);
      append(all.ddecay, of_tail.ddecay);
      append(all.dstrength, of_tail.dstrength);
      all.dmomentum[0] += of_tail.dmomentum[0];
      expect_same(all, gradients, 1e-11);
    }
  }
}

// Where decays are 0 a sequence begins anew; repeated keys are the worst case of the delta rule,
// which with strength 1 then overwrites.
TEST(Mixer, ForgetsAtDecayZeroAndOverwritesRepeatedKeys) {
  for (const auto& [name, mixer] : kMixers) {
    SCOPED_TRACE(name);
    Sequence<double> s = Sequence<double>::random(mixer, 24, 5, 6, 3);
    for (std::size_t t = 1; t < s.tokens; ++t) std::copy_n(s.k.data(), s.key, &s.k[t * s.key]);
    s.decay[0] = s.decay[9] = s.decay[10] = s.decay[23] = 0;
    const auto masked = Outputs<double>::of(s, kMasked);
    expect_same(Outputs<double>::of(s, kRecurrent), masked, 1e-11);
    expect_same(Outputs<double>::of(s, [](const auto&... a) { mix_chunked(a..., 16); }), masked,
                1e-11);
    expect_same(Gradients<double>::of(s, kRecurrentAdjoint),
                Gradients<double>::of(s, kMaskedAdjoint), 1e-10);
    Sequence<double> tail = part_of(s, 10, 24);
    const auto of_tail = Outputs<double>::of(tail, kRecurrent);
    EXPECT_LE(test::distance(of_tail.o, std::vector<double>(masked.o.begin() + 60, masked.o.end())),
              1e-12);
  }
  Sequence<double> s = Sequence<double>::random({.rule = StateRule::delta}, 12, 4, 3, 5);
  s.decay.clear();
  s.strength.clear();
  for (std::size_t t = 0; t < s.tokens; ++t) {
    for (std::size_t i = 0; i < s.key; ++i) s.q[t * 4 + i] = s.k[t * 4 + i] = i == 1 ? 1 : 0;
  }
  EXPECT_LE(test::distance(Outputs<double>::of(s, kRecurrent).o, s.v), 1e-13);
}

// What a token reads, written out: keys and queries of one number 1, so that o_t is S_t.
TEST(Mixer, MomentumIsHeavyBall) {
  const double mu = 0.75, write[] = {1, -2, 0.5, 3};
  Sequence<double> s = Sequence<double>::random({.momentum = mu}, 4, 1, 1, 3);
  std::fill(s.q.begin(), s.q.end(), 1);
  std::fill(s.k.begin(), s.k.end(), 1);
  std::copy(std::begin(write), std::end(write), s.v.begin());
  s.decay.clear();
  s.strength.clear();
  const auto out = Outputs<double>::of(s, kRecurrent);
  double state = s.initial[0], velocity = s.initial[1];
  for (std::size_t t = 0; t < 4; ++t) {
    velocity = mu * velocity + write[t];
    state += velocity;
    EXPECT_NEAR(out.o[t], state, 1e-13);
  }
  EXPECT_NEAR(out.final[0], state, 1e-13);
  EXPECT_NEAR(out.final[1], velocity, 1e-13);
}

TEST(Mixer, MomentumOfZeroIsTheAdditiveRuleToTheBit) {
  const Sequence<float> moving =
      Sequence<double>::random({.scale = 0.3, .momentum = 0}, 19, 5, 6, 23).as<float>();
  Sequence<float> plain = moving;
  plain.mixer.momentum.reset();
  plain.initial.resize(plain.state());
  plain.dfinal.resize(plain.state());
  EXPECT_EQ(Outputs<float>::of(moving, kRecurrent).o, Outputs<float>::of(plain, kRecurrent).o);
}

// Decays, strengths and states that are left out are 1, 1 and 0.
TEST(Mixer, WhatIsLeftOutIsOneOrZero) {
  for (const auto& [name, mixer] : kMixers) {
    SCOPED_TRACE(name);
    Sequence<double> all = Sequence<double>::random(mixer, 23, 5, 6, 13);
    std::fill(all.decay.begin(), all.decay.end(), 1);
    std::fill(all.strength.begin(), all.strength.end(), 1);
    std::fill(all.initial.begin(), all.initial.end(), 0);
    std::fill(all.dfinal.begin(), all.dfinal.end(), 0);
    Sequence<double> none = all;
    none.decay.clear();
    none.strength.clear();
    none.initial.clear();
    none.dfinal.clear();
    expect_same(Outputs<double>::of(none, kRecurrent), Outputs<double>::of(all, kRecurrent), 1e-13);
    expect_same(Gradients<double>::of(none, kRecurrentAdjoint),
                Gradients<double>::of(all, kRecurrentAdjoint), 1e-12);
  }
}

// Of the sums of T products a float form loses the square root of T roundings, and of the delta
// rule some more; the bound leaves a factor of about ten. Momentum multiplies a difference, and its
// rounding, by up to 1 / (1 - mu).
TEST(Mixer, FloatIsDoubleRounded) {
  for_each_sequence([](const Sequence<double>& full) {
    const Sequence<float> s = full.as<float>();
    const Sequence<double> same = s.as<double>();
    const double tolerance = 30 * std::sqrt(double(s.tokens + s.key)) *
                             std::numeric_limits<float>::epsilon() /
                             (1 - s.mixer.momentum.value_or(0));
    test::for_each_target([&] {
      expect_same(Outputs<float>::of(s, kRecurrent), Outputs<double>::of(same, kRecurrent),
                  tolerance);
      expect_same(Gradients<float>::of(s, kRecurrentAdjoint),
                  Gradients<double>::of(same, kRecurrentAdjoint), tolerance);
    });
  });
}

// Heads that lie side by side in rows are the same heads apart, to the bit.
TEST(Mixer, RowsMayHaveAStride) {
  for (const auto& [name, mixer] : kMixers) {
    SCOPED_TRACE(name);
    const Sequence<float> s = Sequence<double>::random(mixer, 19, 6, 7, 17).as<float>();
    const auto apart = Outputs<float>::of(s, kRecurrent);
    const auto apart_gradients = Gradients<float>::of(s, kRecurrentAdjoint);
    constexpr std::size_t kStride = 50;
    std::vector<float> rows(s.tokens * kStride, 99), result(s.tokens * kStride, 99);
    const auto place = [&](const std::vector<float>& from, std::size_t columns, std::size_t at) {
      for (std::size_t t = 0; t < s.tokens; ++t)
        std::copy_n(&from[t * columns], columns, &rows[t * kStride + at]);
      return Rows<const float>{rows.data() + at, kStride};
    };
    const auto expect = [&](const std::vector<float>& want, std::size_t columns, std::size_t at) {
      for (std::size_t e = 0; e < want.size(); ++e)
        EXPECT_EQ(result[e / columns * kStride + at + e % columns], want[e]) << at << ' ' << e;
    };
    MixerInput<float> in = s.input();
    in.q = place(s.q, 6, 1);
    in.k = place(s.k, 6, 8);
    in.v = place(s.v, 7, 15);
    std::vector<float> state(s.state());
    mix(mixer, in, {{result.data() + 30, kStride}, state.data()});
    expect(apart.o, 7, 30);
    MixerAdjoint<float> adjoint{.dout = place(s.dout, 7, 23),
                                .dfinal = s.dfinal.data(),
                                .dq = {result.data() + 1, kStride},
                                .dk = {result.data() + 8, kStride},
                                .dv = {result.data() + 15, kStride}};
    mix_adjoint(mixer, in, adjoint);
    expect(apart_gradients.dq, 6, 1);
    expect(apart_gradients.dk, 6, 8);
    expect(apart_gradients.dv, 7, 15);
  }
}

}  // namespace
}  // namespace gramian
