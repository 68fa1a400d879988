#include "gramian/sequence/mixer.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gramian/base/assert.h"
#include "gramian/sequence/features.h"
#include "gramian/sequence/kernels.h"
#include "gramian/sequence/momentum.h"

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
void check_input(const CausalMixer& mixer, const MixerInput<T>& in) {
  GRAMIAN_ASSERT(!mixer.momentum || (mixer.rule == StateRule::additive && *mixer.momentum >= 0 &&
                                     *mixer.momentum < 1));
  GRAMIAN_ASSERT(in.key >= 1 && in.key <= kMaxMixerSize);
  GRAMIAN_ASSERT(in.value >= 1 && in.value <= kMaxMixerSize + 1);
  GRAMIAN_ASSERT(in.tokens == 0 ||
                 (in.q.data != nullptr && in.k.data != nullptr && in.v.data != nullptr));
}

template <class T>
Rows<const T> scalars_from(const T* array, std::size_t first) {
  return scalars(array == nullptr ? nullptr : array + first);
}

// One sum: without feature map, normaliser and momentum. `adds`, of the additive rule: to o.
template <class T>
void mix_sum(const CausalMixer& mixer, const MixerInput<T>& in, Rows<T> o, T* final,
             bool adds = false) {
  std::vector<T> state = state_of(in.initial, in.key * in.value);
  const T scale = static_cast<T>(mixer.scale);
  if (mixer.rule == StateRule::delta) {
    run_delta(DeltaPass<T>{.tokens = in.tokens,
                           .key = in.key,
                           .value = in.value,
                           .q = in.q,
                           .k = in.k,
                           .v = in.v,
                           .o = o,
                           .state = state.data(),
                           .decay = in.decay,
                           .strength = in.strength,
                           .scale = scale});
  } else {
    run_linear(LinearPass<T>{.tokens = in.tokens,
                             .key = in.key,
                             .value = in.value,
                             .q = in.q,
                             .k = in.k,
                             .v = in.v,
                             .o = o,
                             .state = state.data(),
                             .decay = scalars(in.decay),
                             .in = scalars(in.strength),
                             .out_scale = scale,
                             .adds = adds});
  }
  if (final != nullptr) std::copy(state.begin(), state.end(), final);
}

// The state after the tokens [first, first + count) of the additive rule from that before them.
// `before`: [count, state] or null, takes the state before each token.
template <class T>
void advance(const MixerInput<T>& in, std::size_t first, std::size_t count, T* state, T* before) {
  run_linear(LinearPass<T>{.tokens = count,
                           .key = in.key,
                           .value = in.value,
                           .k = {in.k.row(first), in.k.stride},
                           .v = {in.v.row(first), in.v.stride},
                           .state = state,
                           .decay = scalars_from(in.decay, first),
                           .in = scalars_from(in.strength, first),
                           .before = before});
}

// ddecay. Back through the tokens in stretches of sqrt(T): the state before each stretch is kept
// from a run forward, and those within it are computed again. `in` is what is written by the
// additive rule; `erased` is dv of the delta rule, or null.
template <class T>
void replay(double scale, const MixerInput<T>& in, const MixerAdjoint<T>& adjoint,
            Rows<const T> erased) {
  const std::size_t size = in.key * in.value;
  const auto stretch = static_cast<std::size_t>(std::ceil(std::sqrt(in.tokens)));
  const std::size_t stretches = (in.tokens + stretch - 1) / stretch;
  std::fill_n(adjoint.ddecay, in.tokens, T(0));
  std::vector<T> kept(stretches * size), before(stretch * size);
  std::vector<T> state = state_of(in.initial, size), a = state_of(adjoint.dfinal, size);
  T* const nothing = nullptr;
  for (std::size_t s = 0; s < stretches; ++s) {
    std::copy(state.begin(), state.end(), kept.begin() + static_cast<std::ptrdiff_t>(s * size));
    if (s + 1 < stretches) advance(in, s * stretch, stretch, state.data(), nothing);
  }
  for (std::size_t s = stretches; s-- > 0;) {
    const std::size_t first = s * stretch, count = std::min(stretch, in.tokens - first);
    std::copy_n(kept.data() + s * size, size, state.data());
    advance(in, first, count, state.data(), before.data());
    const auto from = [&](Rows<const T> rows) {
      return Rows<const T>{rows.data == nullptr ? nullptr : rows.row(first), rows.stride};
    };
    run_replay(ReplayPass<T>{.tokens = count,
                             .key = in.key,
                             .value = in.value,
                             .q = from(in.q),
                             .dout = from(adjoint.dout),
                             .k = from(in.k),
                             .dv = from(erased),
                             .decay = in.decay == nullptr ? nullptr : in.decay + first,
                             .scale = static_cast<T>(scale),
                             .before = before.data(),
                             .adjoint = a.data(),
                             .ddecay = adjoint.ddecay + first});
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
  std::vector<T> a = state_of(adjoint.dfinal, in.key * in.value), unweighted;
  const bool by_rows = adjoint.dstrength != nullptr || adjoint.dv.data == nullptr;
  const Rows<T> dv = rows_or(by_rows ? Rows<T>{} : adjoint.dv, unweighted, tokens, in.value);
  run_linear(
      LinearPass<T>{.tokens = tokens,
                    .key = in.key,
                    .value = in.value,
                    .q = reversed(in.k, tokens),
                    .k = reversed(in.q, tokens),
                    .v = reversed(adjoint.dout, tokens),
                    .o = reversed(dv, tokens),
                    .state = a.data(),
                    .decay = reversed(scalars(in.decay), tokens),
                    .out = by_rows ? Rows<const T>{} : reversed(scalars(in.strength), tokens),
                    .in_scale = static_cast<T>(mixer.scale),
                    .decay_after = true,
                    .adds = adjoint.adds && !by_rows});
  if (adjoint.dinitial != nullptr) std::copy(a.begin(), a.end(), adjoint.dinitial);
  for (std::size_t t = 0; by_rows && t < tokens; ++t) {
    const T* const row = dv.row(t);
    const T* const v = in.v.row(t);
    T sum = 0;
    for (std::size_t j = 0; j < in.value; ++j) sum += row[j] * v[j];
    if (adjoint.dstrength != nullptr) adjoint.dstrength[t] = sum;
    const T strength = in.strength == nullptr ? T(1) : in.strength[t];
    for (std::size_t j = 0; adjoint.dv.data != nullptr && j < in.value; ++j) {
      T& place = adjoint.dv.row(t)[j];
      place = (adjoint.adds ? place : T(0)) + strength * row[j];
    }
  }
}

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
                           .out_scale = static_cast<T>(mixer.scale),
                           .adds = adjoint.adds});
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
                           .decay_after = true,
                           .adds = adjoint.adds});
}

template <class T>
void additive_adjoint(const CausalMixer& mixer, const MixerInput<T>& in,
                      const MixerAdjoint<T>& adjoint) {
  if (adjoint.dv.data != nullptr || adjoint.dstrength != nullptr || adjoint.dinitial != nullptr)
    additive_dv(mixer, in, adjoint);
  if (adjoint.dq.data != nullptr) additive_dq(mixer, in, adjoint);
  if (adjoint.dk.data != nullptr) additive_dk(mixer, in, adjoint);
  if (adjoint.ddecay != nullptr) replay(mixer.scale, in, adjoint, Rows<const T>{});
}

// dv, dstrength and dinitial of the delta rule, and w, which it writes with the strength of a token
// in place of v: S_t = gamma_t S_{t-1} + beta_t w_t k_t^T with w_t = v_t - gamma_t S_{t-1} k_t.
template <class T>
void delta_dv(const CausalMixer& mixer, const MixerInput<T>& in, const MixerAdjoint<T>& adjoint,
              Rows<T> w) {
  std::vector<T> state = state_of(in.initial, in.key * in.value);
  run_delta(DeltaPass<T>{.tokens = in.tokens,
                         .key = in.key,
                         .value = in.value,
                         .k = in.k,
                         .v = in.v,
                         .w = w,
                         .state = state.data(),
                         .decay = in.decay,
                         .strength = in.strength});
  std::vector<T> a = state_of(adjoint.dfinal, in.key * in.value);
  if (adjoint.dstrength != nullptr) std::fill_n(adjoint.dstrength, in.tokens, T(0));
  run_delta_back(DeltaBackPass<T>{.tokens = in.tokens,
                                  .key = in.key,
                                  .value = in.value,
                                  .q = in.q,
                                  .k = in.k,
                                  .w = read_only(w),
                                  .dout = adjoint.dout,
                                  .dv = adjoint.dv,
                                  .adjoint = a.data(),
                                  .decay = in.decay,
                                  .strength = in.strength,
                                  .scale = static_cast<T>(mixer.scale),
                                  .dstrength = adjoint.dstrength});
  if (adjoint.dinitial != nullptr) std::copy(a.begin(), a.end(), adjoint.dinitial);
}

// dq_t = scale S_t^T dout_t and dk_t = beta_t A_t w_t - gamma_t S_{t-1}^T dv_t: with w and dv known
// both states are sums, as those of the additive rule, and are run transposed.
template <class T>
void delta_dq_and_dk(const CausalMixer& mixer, const MixerInput<T>& in,
                     const MixerAdjoint<T>& adjoint, Rows<const T> w) {
  const std::size_t tokens = in.tokens;
  const T scale = static_cast<T>(mixer.scale);
  std::vector<T> state = transposed(in.initial, in.key, in.value);
  run_linear(LinearPass<T>{.tokens = tokens,
                           .key = in.value,
                           .value = in.key,
                           .q = adjoint.dout,
                           .k = w,
                           .v = in.k,
                           .o = adjoint.dq,
                           .state = state.data(),
                           .decay = scalars(in.decay),
                           .in = scalars(in.strength),
                           .out_scale = scale,
                           .x = read_only(adjoint.dv),
                           .y = adjoint.dk});
  std::vector<T> a = transposed(adjoint.dfinal, in.key, in.value);
  run_linear(LinearPass<T>{.tokens = tokens,
                           .key = in.value,
                           .value = in.key,
                           .q = reversed(w, tokens),
                           .k = reversed(adjoint.dout, tokens),
                           .v = reversed(in.q, tokens),
                           .o = reversed(adjoint.dk, tokens),
                           .state = a.data(),
                           .decay = reversed(scalars(in.decay), tokens),
                           .out = reversed(scalars(in.strength), tokens),
                           .in_scale = scale,
                           .decay_after = true,
                           .adds = true,
                           .x = reversed(read_only(adjoint.dv), tokens),
                           .w = reversed(in.k, tokens)});
}

template <class T>
void delta_adjoint(const CausalMixer& mixer, const MixerInput<T>& in,
                   const MixerAdjoint<T>& adjoint) {
  std::vector<T> writes(in.tokens * in.value);
  const Rows<T> w = dense(writes.data(), in.value);
  delta_dv(mixer, in, adjoint, w);
  delta_dq_and_dk(mixer, in, adjoint, read_only(w));
  if (adjoint.ddecay == nullptr) return;
  MixerInput<T> written = in;
  written.v = read_only(w);
  replay(mixer.scale, written, adjoint, read_only(adjoint.dv));
}

// Of one sum.
template <class T>
void adjoint_sum(const CausalMixer& mixer, const MixerInput<T>& in,
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

// Behind feature map and normaliser.
template <class T>
void mix_mapped(const CausalMixer& mixer, const MixerInput<T>& in, Rows<T> o, T* final) {
  if (!mixer.momentum) return mix_sum(mixer, in, o, final);
  MomentumSums<T>(mixer, in).mix(mix_sum<T>, o, final);
}

template <class T>
void adjoint_mapped(const CausalMixer& mixer, const MixerInput<T>& in,
                    const MixerAdjoint<T>& adjoint) {
  if (!mixer.momentum) return adjoint_sum(mixer, in, adjoint);
  MomentumSums<T>(mixer, in).adjoint(mix_sum<T>, adjoint_sum<T>, adjoint);
}

template <class T>
void mix_of(const CausalMixer& mixer, const MixerInput<T>& in, const MixerOutput<T>& out) {
  check_input(mixer, in);
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
  check_input(mixer, in);
  GRAMIAN_ASSERT(!adjoint.adds || (mixer.rule == StateRule::additive && !mixer.normalise &&
                                   mixer.features == FeatureMap::identity && !mixer.momentum));
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
