// The additive rule with momentum, as two sums without it.
//
//     S_t = gamma_t S_{t-1} + M_t,    M_t = mu gamma_t M_{t-1} + beta_t v_t k_t^T
//
// M is a sum of the additive rule with the decays mu gamma_t; let L be that with the decays
// gamma_t. Token s is in L_t with the weight zeta_ts, in M_t with mu^(t-s) zeta_ts and in S_t with
// (1 + mu + .. + mu^(t-s)) zeta_ts, so that
//
//     L_t = (1 - mu) S_t + mu M_t,    S_t = L_t + mu / (1 - mu) (L_t - M_t)
//
// and what holds for states holds for what is read of them. Rounding of L_t - M_t counts
// mu / (1 - mu) times: a sequence of fewer tokens than that loses as many digits.
//
// Shared by all forms of a mixer, which are given to mix() and adjoint():
//
//     form(mixer, input, o, final, adds)      the additive rule of this mixer without its momentum,
//                                             written or added to o
//     back(mixer, input, adjoint)             its adjoint
//
// where the scale of the mixer is that of a sum.
//
// The column of a normaliser has no momentum and is a sum of its own.
//
// Shapes: as in mixer.h, of an input behind its feature map and with the column of its normaliser
// (features.h); states [key, value] of S and then [key, moving] of M, where `moving` are the
// columns without that of a normaliser. Preconditions: mixer.momentum is given. Errors: none. Cost:
// two passes of the form; of the adjoint two adjoints, and for dmomentum two passes more and a
// ddecay.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "gramian/sequence/mixer.h"

namespace gramian {

template <class T>
class MomentumSums {
 public:
  MomentumSums(const CausalMixer& mixer, const MixerInput<T>& in)
      : mixer_(mixer),
        in_(in),
        mu_(*mixer.momentum),
        far_(mu_ / (1 - mu_)),
        moving_(in.value - (mixer.normalise ? 1 : 0)),
        decay_(in.tokens) {
    for (std::size_t t = 0; t < in.tokens; ++t)
      decay_[t] = static_cast<T>(mu_ * (in.decay == nullptr ? 1 : in.decay[t]));
    sums_.push_back({in, 1 + far_, 0, {}});
    sums_.push_back({in, -far_, 0, {}});
    if (mixer.normalise) sums_.push_back({in, 1, moving_, {}});
    sums_[1].in.decay = decay_.data();
    for (Sum& sum : sums_) {
      sum.in.value = sum.first == 0 ? moving_ : 1;
      sum.in.v.data += sum.first;
      if (in.initial == nullptr) continue;
      sum.initial = begin_of(sum);
      sum.in.initial = sum.initial.data();
    }
  }
  MomentumSums(const MomentumSums&) = delete;
  MomentumSums& operator=(const MomentumSums&) = delete;

  template <class Form>
  void mix(Form form, Rows<T> o, T* final) const {
    std::vector<std::vector<T>> states;
    for (const Sum& sum : sums_) {
      states.emplace_back(sum.state());
      const Rows<T> to{o.data + sum.first, o.stride};
      form(weighted(sum.weight), sum.in, to, states.back().data(), &sum == &sums_[1]);
    }
    if (final == nullptr) return;
    for_state([&](std::size_t at_s, std::size_t at_z) { final[at_s] = states[2][at_z]; },
              [&](std::size_t at_s, std::size_t at_m) {
                const T l = states[0][at_m], m = states[1][at_m];
                final[at_s] = static_cast<T>(l + far_ * (l - m));
                final[size_of_s() + at_m] = m;
              });
  }

  template <class Form, class Back>
  void adjoint(Form form, Back back, const MixerAdjoint<T>& to) const {
    std::vector<Derivatives> all;
    for (std::size_t t = 0; t < in_.tokens && to.dv.data != nullptr; ++t)
      std::fill_n(to.dv.row(t) + moving_, in_.value - moving_, T(0));
    for (const Sum& sum : sums_) {
      Derivatives& d = all.emplace_back(dfinal_of(sum, to));
      d.dinitial.resize(sum.state());
      const bool wants_decay =
          to.ddecay != nullptr || (to.dmomentum != nullptr && &sum == &sums_[1]);
      if (wants_decay) d.ddecay.resize(in_.tokens);
      if (to.dstrength != nullptr) d.dstrength.resize(in_.tokens);
      const auto or_null = [](std::vector<T>& x) { return x.empty() ? nullptr : x.data(); };
      MixerAdjoint<T> inner = to;
      inner.dout.data += sum.first;
      inner.dfinal = to.dfinal == nullptr ? nullptr : d.dfinal.data();
      if (to.dv.data != nullptr) inner.dv.data += sum.first;
      inner.ddecay = or_null(d.ddecay);
      inner.dstrength = or_null(d.dstrength);
      inner.dinitial = d.dinitial.data();
      inner.dmomentum = nullptr;
      inner.adds = &sum != &sums_[0];
      back(weighted(sum.weight), sum.in, inner);
    }
    give(all, to);
    if (to.dmomentum != nullptr) *to.dmomentum = static_cast<T>(slope(form, all, to));
  }

 private:
  // L, M and, with a normaliser, its column; of the columns from `first` on.
  struct Sum {
    MixerInput<T> in;
    double weight;
    std::size_t first;
    std::vector<T> initial;

    std::size_t state() const { return in.key * in.value; }
  };
  struct Derivatives {
    std::vector<T> dfinal, dinitial = {}, ddecay = {}, dstrength = {};
  };

  CausalMixer weighted(double weight) const {
    CausalMixer mixer = mixer_;
    mixer.scale *= weight;
    return mixer;
  }

  std::size_t size_of_s() const { return in_.key * in_.value; }

  // Calls column(entry of S, entry of the column) and moving(entry of S, entry of L and M).
  template <class Column, class Moving>
  void for_state(Column column, Moving moving) const {
    for (std::size_t i = 0; i < in_.key; ++i) {
      for (std::size_t j = 0; j < moving_; ++j) moving(i * in_.value + j, i * moving_ + j);
      if (moving_ < in_.value) column(i * in_.value + moving_, i);
    }
  }

  std::vector<T> begin_of(const Sum& sum) const {
    std::vector<T> begin(sum.state());
    const T* const m = in_.initial + size_of_s();
    for_state(
        [&](std::size_t at_s, std::size_t at_z) {
          if (sum.first > 0) begin[at_z] = in_.initial[at_s];
        },
        [&](std::size_t at_s, std::size_t at_m) {
          if (sum.first > 0) return;
          const double l = (1 - mu_) * in_.initial[at_s] + mu_ * m[at_m];
          begin[at_m] = &sum == &sums_[1] ? m[at_m] : static_cast<T>(l);
        });
    return begin;
  }

  Derivatives dfinal_of(const Sum& sum, const MixerAdjoint<T>& to) const {
    Derivatives d{std::vector<T>(sum.state())};
    if (to.dfinal == nullptr) return d;
    for_state(
        [&](std::size_t at_s, std::size_t at_z) {
          if (sum.first > 0) d.dfinal[at_z] = to.dfinal[at_s];
        },
        [&](std::size_t at_s, std::size_t at_m) {
          if (sum.first > 0) return;
          const double dm = &sum == &sums_[1] ? to.dfinal[size_of_s() + at_m] : T(0);
          d.dfinal[at_m] = static_cast<T>(sum.weight * to.dfinal[at_s] + dm);
        });
    return d;
  }

  void give(const std::vector<Derivatives>& all, const MixerAdjoint<T>& to) const {
    for (std::size_t t = 0; t < in_.tokens; ++t) {
      T ddecay = 0, dstrength = 0;
      for (std::size_t s = 0; s < all.size(); ++s) {
        if (to.ddecay != nullptr) ddecay += static_cast<T>(s == 1 ? mu_ : 1) * all[s].ddecay[t];
        if (to.dstrength != nullptr) dstrength += all[s].dstrength[t];
      }
      if (to.ddecay != nullptr) to.ddecay[t] = ddecay;
      if (to.dstrength != nullptr) to.dstrength[t] = dstrength;
    }
    if (to.dinitial == nullptr) return;
    for_state(
        [&](std::size_t at_s, std::size_t at_z) { to.dinitial[at_s] = all[2].dinitial[at_z]; },
        [&](std::size_t at_s, std::size_t at_m) {
          const T dl = all[0].dinitial[at_m];
          to.dinitial[at_s] = static_cast<T>((1 - mu_) * dl);
          to.dinitial[size_of_s() + at_m] = static_cast<T>(mu_ * dl + all[1].dinitial[at_m]);
        });
  }

  // The derivative by mu: of both weights, of the decays of M, and of L_0.
  template <class Form>
  double slope(Form form, const std::vector<Derivatives>& all, const MixerAdjoint<T>& to) const {
    std::vector<T> difference(in_.tokens * moving_), l(sums_[0].state()), m(sums_[1].state());
    const Rows<T> rows{difference.data(), static_cast<std::ptrdiff_t>(moving_)};
    form(mixer_, sums_[0].in, rows, l.data(), false);
    form(weighted(-1), sums_[1].in, rows, m.data(), true);
    double joint = 0, sum = 0;
    for (std::size_t t = 0; t < in_.tokens; ++t) {
      for (std::size_t j = 0; j < moving_; ++j) joint += to.dout.row(t)[j] * rows.row(t)[j];
      sum += (in_.decay == nullptr ? 1 : in_.decay[t]) * all[1].ddecay[t];
    }
    for_state([](std::size_t, std::size_t) {},
              [&](std::size_t at_s, std::size_t at_m) {
                if (to.dfinal != nullptr) joint += to.dfinal[at_s] * (l[at_m] - m[at_m]);
                if (in_.initial != nullptr) {
                  sum +=
                      all[0].dinitial[at_m] * (in_.initial[size_of_s() + at_m] - in_.initial[at_s]);
                }
              });
    return sum + joint / ((1 - mu_) * (1 - mu_));
  }

  const CausalMixer mixer_;
  const MixerInput<T> in_;
  double mu_, far_;
  std::size_t moving_;
  std::vector<T> decay_;
  std::vector<Sum> sums_;
};

}  // namespace gramian
