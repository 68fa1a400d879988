#include "gramian/sequence/mixer.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gramian/base/assert.h"
#include "gramian/sequence/features.h"
#include "gramian/sequence/kernels.h"

namespace gramian {
namespace {

template <class T>
Rows<T> dense(T* data, std::size_t columns) {
  return {data, static_cast<std::ptrdiff_t>(columns)};
}

// The same rows from the last to the first.
template <class T>
Rows<T> reversed(Rows<T> rows, std::size_t tokens) {
  if (rows.data == nullptr) return rows;
  return {rows.row(tokens - 1), -rows.stride};
}

template <class T>
Rows<const T> scalars(const T* array) {
  return {array, array == nullptr ? 0 : 1};
}

template <class T>
Rows<const T> read_only(Rows<T> rows) {
  return {rows.data, rows.stride};
}

template <class T>
std::vector<T> state_of(const T* initial, std::size_t size) {
  return initial == nullptr ? std::vector<T>(size) : std::vector<T>(initial, initial + size);
}

// A state [rows, columns] as [columns, rows].
template <class T>
std::vector<T> transposed(const T* initial, std::size_t rows, std::size_t columns) {
  std::vector<T> state(rows * columns);
  if (initial == nullptr) return state;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) state[j * rows + i] = initial[i * columns + j];
  }
  return state;
}

template <class T>
void check_input(const MixerInput<T>& in) {
  GRAMIAN_ASSERT(in.key >= 1 && in.key <= kMaxMixerSize);
  GRAMIAN_ASSERT(in.value >= 1 && in.value <= kMaxMixerSize + 1);
  GRAMIAN_ASSERT(in.tokens == 0 ||
                 (in.q.data != nullptr && in.k.data != nullptr && in.v.data != nullptr));
}

// Tokens [first, first + count), without feature map and normaliser. `before`: [count, state] or
// null, takes the state before each token.
template <class T>
void advance(const CausalMixer& mixer, const MixerInput<T>& in, std::size_t first,
             std::size_t count, Rows<T> o, T* state, T* before = nullptr) {
  const auto from = [&](Rows<const T> rows) { return Rows<const T>{rows.row(first), rows.stride}; };
  const T* decay = in.decay == nullptr ? nullptr : in.decay + first;
  const T* strength = in.strength == nullptr ? nullptr : in.strength + first;
  const T scale = static_cast<T>(mixer.scale);
  if (mixer.rule == StateRule::delta) {
    run_delta(DeltaPass<T>{.tokens = count,
                           .key = in.key,
                           .value = in.value,
                           .q = from(in.q),
                           .k = from(in.k),
                           .v = from(in.v),
                           .o = o,
                           .state = state,
                           .decay = decay,
                           .strength = strength,
                           .scale = scale,
                           .before = before});
    return;
  }
  run_linear(LinearPass<T>{.tokens = count,
                           .key = in.key,
                           .value = in.value,
                           .q = from(in.q),
                           .k = from(in.k),
                           .v = from(in.v),
                           .o = o,
                           .state = state,
                           .decay = scalars(decay),
                           .in = scalars(strength),
                           .out_scale = scale,
                           .before = before});
}

template <class T>
void mix_mapped(const CausalMixer& mixer, const MixerInput<T>& in, Rows<T> o, T* final) {
  std::vector<T> state = state_of(in.initial, in.key * in.value);
  if (in.tokens > 0) advance(mixer, in, 0, in.tokens, o, state.data());
  if (final != nullptr) std::copy(state.begin(), state.end(), final);
}

// Back through the tokens in stretches of sqrt(T): the state before each stretch is kept from a run
// forward, and those within it are computed again.
template <class T>
void replay(const CausalMixer& mixer, const MixerInput<T>& in, const MixerAdjoint<T>& adjoint,
            std::vector<T>& a) {
  const std::size_t size = in.key * in.value;
  const auto stretch = static_cast<std::size_t>(std::ceil(std::sqrt(in.tokens)));
  const std::size_t stretches = (in.tokens + stretch - 1) / stretch;
  std::vector<T> kept(stretches * size), before(stretch * size), unread(stretch * in.value);
  const Rows<T> o = dense(unread.data(), in.value);
  std::vector<T> state = state_of(in.initial, size);
  for (std::size_t s = 0; s < stretches; ++s) {
    std::copy(state.begin(), state.end(), kept.begin() + static_cast<std::ptrdiff_t>(s * size));
    if (s + 1 < stretches) advance(mixer, in, s * stretch, stretch, o, state.data());
  }
  for (std::size_t s = stretches; s-- > 0;) {
    const std::size_t first = s * stretch, count = std::min(stretch, in.tokens - first);
    std::copy_n(kept.data() + s * size, size, state.data());
    advance(mixer, in, first, count, o, state.data(), before.data());
    const auto from = [&](auto rows) {
      if (rows.data != nullptr) rows.data = rows.row(first);
      return rows;
    };
    const auto at = [&](auto* array) { return array == nullptr ? nullptr : array + first; };
    run_replay(ReplayPass<T>{.tokens = count,
                             .key = in.key,
                             .value = in.value,
                             .delta = mixer.rule == StateRule::delta,
                             .q = from(in.q),
                             .k = from(in.k),
                             .v = from(in.v),
                             .dout = from(adjoint.dout),
                             .decay = at(in.decay),
                             .strength = at(in.strength),
                             .scale = static_cast<T>(mixer.scale),
                             .before = before.data(),
                             .adjoint = a.data(),
                             .dq = from(adjoint.dq),
                             .dk = from(adjoint.dk),
                             .dv = from(adjoint.dv),
                             .dstrength = at(adjoint.dstrength),
                             .ddecay = at(adjoint.ddecay)});
  }
}

// Rows of the caller, or an array of our own where he wants none.
template <class T>
Rows<T> rows_or(Rows<T> rows, std::vector<T>& own, std::size_t tokens, std::size_t columns) {
  if (rows.data != nullptr) return rows;
  own.resize(tokens * columns);
  return dense(own.data(), columns);
}

// dv, dstrength and dinitial of the additive rule. With A_t the adjoint of S_t, which runs back in
// time as S runs forward: A_t k_t is d(beta_t v_t).
template <class T>
void additive_dv(const CausalMixer& mixer, const MixerInput<T>& in,
                 const MixerAdjoint<T>& adjoint) {
  const std::size_t tokens = in.tokens;
  std::vector<T> a = state_of(adjoint.dfinal, in.key * in.value);
  run_linear(LinearPass<T>{.tokens = tokens,
                           .key = in.key,
                           .value = in.value,
                           .q = reversed(in.k, tokens),
                           .k = reversed(in.q, tokens),
                           .v = reversed(adjoint.dout, tokens),
                           .o = reversed(adjoint.dv, tokens),
                           .state = a.data(),
                           .decay = reversed(scalars(in.decay), tokens),
                           .in_scale = static_cast<T>(mixer.scale),
                           .decay_after = true});
  if (adjoint.dinitial != nullptr) std::copy(a.begin(), a.end(), adjoint.dinitial);
  for (std::size_t t = 0; t < tokens; ++t) {
    T* dv = adjoint.dv.row(t);
    const T* v = in.v.row(t);
    if (adjoint.dstrength != nullptr) {
      T sum = 0;
      for (std::size_t j = 0; j < in.value; ++j) sum += dv[j] * v[j];
      adjoint.dstrength[t] = sum;
    }
    if (in.strength == nullptr) continue;
    for (std::size_t j = 0; j < in.value; ++j) dv[j] *= in.strength[t];
  }
}

// o = M(q, k, v) is linear in each of the three, and so the adjoint is the same pass three times:
// dq = M(do, v, k) forward, and dk, dv back in time.
// o = M(q, k, v) is linear in each of the three, and so the adjoint is the same pass three times,
// of which those that are wanted are run: dq = M(do, v, k) forward, and dk, dv back in time.
template <class T>
void additive_dq(const CausalMixer& mixer, const MixerInput<T>& in,
                 const MixerAdjoint<T>& adjoint) {
  std::vector<T> state = transposed(in.initial, in.key, in.value);
  run_linear(LinearPass<T>{.tokens = in.tokens,
                           .key = in.value,
                           .value = in.key,
                           .q = adjoint.dout,
                           .k = in.v,
                           .v = in.k,
                           .o = adjoint.dq,
                           .state = state.data(),
                           .decay = scalars(in.decay),
                           .in = scalars(in.strength),
                           .out_scale = static_cast<T>(mixer.scale)});
}

template <class T>
void additive_dk(const CausalMixer& mixer, const MixerInput<T>& in,
                 const MixerAdjoint<T>& adjoint) {
  const std::size_t tokens = in.tokens;
  std::vector<T> a = transposed(adjoint.dfinal, in.key, in.value);
  run_linear(LinearPass<T>{.tokens = tokens,
                           .key = in.value,
                           .value = in.key,
                           .q = reversed(in.v, tokens),
                           .k = reversed(adjoint.dout, tokens),
                           .v = reversed(in.q, tokens),
                           .o = reversed(adjoint.dk, tokens),
                           .state = a.data(),
                           .decay = reversed(scalars(in.decay), tokens),
                           .out = reversed(scalars(in.strength), tokens),
                           .in_scale = static_cast<T>(mixer.scale),
                           .decay_after = true});
}

template <class T>
void additive_adjoint(const CausalMixer& mixer, const MixerInput<T>& in,
                      const MixerAdjoint<T>& adjoint) {
  std::vector<T> own_dv;
  MixerAdjoint<T> of_v = adjoint;
  const bool without_v = adjoint.dv.data == nullptr;
  if (without_v && (adjoint.dstrength != nullptr || adjoint.dinitial != nullptr))
    of_v.dv = rows_or(adjoint.dv, own_dv, in.tokens, in.value);
  if (of_v.dv.data != nullptr) additive_dv(mixer, in, of_v);
  if (adjoint.dq.data != nullptr) additive_dq(mixer, in, adjoint);
  if (adjoint.dk.data != nullptr) additive_dk(mixer, in, adjoint);
  if (adjoint.ddecay == nullptr) return;
  std::fill_n(adjoint.ddecay, in.tokens, T(0));
  std::vector<T> again = state_of(adjoint.dfinal, in.key * in.value);
  MixerAdjoint<T> decay_alone{.dout = adjoint.dout, .ddecay = adjoint.ddecay};
  replay(mixer, in, decay_alone, again);
}

template <class T>
void delta_adjoint(const CausalMixer& mixer, const MixerInput<T>& in,
                   const MixerAdjoint<T>& adjoint) {
  for (std::size_t t = 0; t < in.tokens; ++t) {
    std::fill_n(adjoint.dq.row(t), in.key, T(0));
    std::fill_n(adjoint.dk.row(t), in.key, T(0));
  }
  if (adjoint.dstrength != nullptr) std::fill_n(adjoint.dstrength, in.tokens, T(0));
  if (adjoint.ddecay != nullptr) std::fill_n(adjoint.ddecay, in.tokens, T(0));
  std::vector<T> a = state_of(adjoint.dfinal, in.key * in.value);
  replay(mixer, in, adjoint, a);
  if (adjoint.dinitial != nullptr) std::copy(a.begin(), a.end(), adjoint.dinitial);
}

template <class T>
void adjoint_mapped(const CausalMixer& mixer, const MixerInput<T>& in,
                    const MixerAdjoint<T>& adjoint) {
  if (in.tokens == 0) {
    if (adjoint.dinitial == nullptr) return;
    const std::vector<T> a = state_of(adjoint.dfinal, in.key * in.value);
    std::copy(a.begin(), a.end(), adjoint.dinitial);
  } else if (mixer.rule == StateRule::delta) {
    delta_adjoint(mixer, in, adjoint);
  } else {
    additive_adjoint(mixer, in, adjoint);
  }
}

template <class T>
void mix_of(const CausalMixer& mixer, const MixerInput<T>& in, const MixerOutput<T>& out) {
  check_input(in);
  const MappedInput<T> mapped(mixer, in);
  if (!mixer.normalise) {
    mix_mapped(mixer, mapped.get(), out.o, out.final);
    return;
  }
  std::vector<T> wide(in.tokens * (in.value + 1));
  mix_mapped(mixer, mapped.get(), dense(wide.data(), in.value + 1), out.final);
  divide_by_normaliser(mixer, in.tokens, in.value, wide.data(), out.o);
}

template <class T>
void mix_adjoint_of(const CausalMixer& mixer, const MixerInput<T>& in,
                    const MixerAdjoint<T>& adjoint) {
  check_input(in);
  const MappedInput<T> mapped(mixer, in);
  std::vector<T> dq, dk, dv, wide, wide_dv;
  MixerAdjoint<T> inner = adjoint;
  if (mixer.rule == StateRule::delta) {  // which finds all of them together
    inner.dq = rows_or(adjoint.dq, dq, in.tokens, in.key);
    inner.dk = rows_or(adjoint.dk, dk, in.tokens, in.key);
    inner.dv = rows_or(adjoint.dv, dv, in.tokens, in.value);
  }
  const Rows<T> given_dv = inner.dv;
  if (mixer.normalise) {
    const Rows<T> o = rows_or(Rows<T>{}, wide, in.tokens, in.value + 1);
    mix_mapped(mixer, mapped.get(), o, static_cast<T*>(nullptr));
    divide_by_normaliser_adjoint(mixer, in.tokens, in.value, adjoint.dout, wide.data());
    inner.dout = read_only(o);
    if (given_dv.data != nullptr) inner.dv = rows_or(Rows<T>{}, wide_dv, in.tokens, in.value + 1);
  }
  adjoint_mapped(mixer, mapped.get(), inner);
  for (std::size_t t = 0; t < in.tokens; ++t) {
    if (mixer.normalise && given_dv.data != nullptr)
      std::copy_n(inner.dv.row(t), in.value, given_dv.row(t));
    if (mixer.features == FeatureMap::identity) continue;
    const auto chain = [&](const Rows<T>& slope, Rows<const T> x, Rows<const T> mapped_x) {
      for (std::size_t i = 0; slope.data != nullptr && i < in.key; ++i)
        slope.row(t)[i] *= feature_slope(mixer.features, x.row(t)[i], mapped_x.row(t)[i]);
    };
    chain(inner.dq, in.q, mapped.get().q);
    chain(inner.dk, in.k, mapped.get().k);
  }
}

}  // namespace

void mix(const CausalMixer& mixer, const MixerInput<float>& in, const MixerOutput<float>& out) {
  mix_of(mixer, in, out);
}
void mix(const CausalMixer& mixer, const MixerInput<double>& in, const MixerOutput<double>& out) {
  mix_of(mixer, in, out);
}
void mix_adjoint(const CausalMixer& mixer, const MixerInput<float>& in,
                 const MixerAdjoint<float>& adjoint) {
  mix_adjoint_of(mixer, in, adjoint);
}
void mix_adjoint(const CausalMixer& mixer, const MixerInput<double>& in,
                 const MixerAdjoint<double>& adjoint) {
  mix_adjoint_of(mixer, in, adjoint);
}

}  // namespace gramian
