// The passes of kernels.h for one group of columns of a state. Per-target header.
//
// A group is two registers of columns where there are 32 registers, else one. Its part of the state
// is an array of its own, [key, group], padded with zeros to whole registers.
#if defined(GRAMIAN_SEQUENCE_KERNELS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_SEQUENCE_KERNELS_INL_H
#undef GRAMIAN_SEQUENCE_KERNELS_INL_H
#else
#define GRAMIAN_SEQUENCE_KERNELS_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>

#include "gramian/base/assert.h"
#include "gramian/sequence/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The columns of one group: G registers, of which the last may be partly in use.
template <class T, size_t G>
struct ColumnGroup {
  using D = hn::CappedTag<T, 16>;
  using V = hn::Vec<D>;
  static constexpr size_t kPadded = G * 16;

  size_t left;  // columns in use, from the first of the group on

  static size_t Lanes() { return hn::Lanes(D()); }
  static size_t Width() { return G * Lanes(); }

  // Columns of a row of a matrix in memory, of which p is the first of the group.
  HWY_INLINE V From(const T* p, size_t g) const {
    const size_t first = g * Lanes();
    if (left >= first + Lanes()) return hn::LoadU(D(), p + first);
#if HWY_MEM_OPS_MIGHT_FAULT
    HWY_ALIGN T some[16] = {};
    for (size_t j = first; j < left; ++j) some[j - first] = p[j];
    return hn::Load(D(), some);
#else
    return hn::MaskedLoad(InUse(first), D(), p + first);
#endif
  }
  HWY_INLINE void To(T* p, size_t g, V x) const {
    const size_t first = g * Lanes();
    if (left >= first + Lanes()) {
      hn::StoreU(x, D(), p + first);
      return;
    }
#if HWY_MEM_OPS_MIGHT_FAULT
    HWY_ALIGN T some[16];
    hn::Store(x, D(), some);
    for (size_t j = first; j < left; ++j) p[j] = some[j - first];
#else
    hn::BlendedStore(x, InUse(first), D(), p + first);
#endif
  }

 private:
  // Of the columns from `first` on, those in use.
  HWY_INLINE auto InUse(size_t first) const {
    return hn::FirstN(D(), left > first ? left - first : 0);
  }
};

template <class T, class D>
HWY_INLINE T SumOf(D d, hn::Vec<D> x) {
  return hn::GetLane(hn::SumOfLanes(d, x));
}

// A state of [rows, columns] in memory, and the part of a group of it.
template <class T, size_t G>
class GroupState {
  using Group = ColumnGroup<T, G>;
  using D = typename Group::D;

 public:
  GroupState(const Group& group, size_t rows, size_t columns, T* first)
      : group_(group), rows_(rows), columns_(columns), memory_(first) {
    GRAMIAN_ASSERT(rows <= kMaxMixerSize + 1);
    for (size_t i = 0; i < rows_; ++i) {
      for (size_t g = 0; g < G; ++g)
        hn::Store(group_.From(memory_ + i * columns_, g), D(), Row(i) + g * Group::Lanes());
    }
  }
  void Return() { CopyTo(memory_); }
  // Into a state of the same shape, from its first column of the group on.
  void CopyTo(T* first) {
    for (size_t i = 0; i < rows_; ++i) {
      for (size_t g = 0; g < G; ++g)
        group_.To(first + i * columns_, g, hn::Load(D(), Row(i) + g * Group::Lanes()));
    }
  }
  HWY_INLINE T* Row(size_t i) { return state_ + i * Group::Width(); }

 private:
  const Group& group_;
  size_t rows_, columns_;
  T* memory_;
  HWY_ALIGN T state_[(kMaxMixerSize + 1) * Group::kPadded];
};

// Calls body(group, first column) for each group of columns.
template <class T, class Body>
HWY_INLINE void ForGroups(size_t columns, Body body) {
  constexpr size_t kMost = HWY_TARGET <= HWY_AVX3 ? 2 : 1;
  for (size_t c = 0; c < columns;) {
    const size_t left = columns - c;
    if (kMost == 2 && left > ColumnGroup<T, 1>::Lanes()) {
      body(ColumnGroup<T, 2>{left}, c);
      c += ColumnGroup<T, 2>::Width();
    } else {
      body(ColumnGroup<T, 1>{left}, c);
      c += ColumnGroup<T, 1>::Width();
    }
  }
}

enum class DecayAt { nowhere, before, after };

// The tokens [t, t + R) of a linear pass.
template <size_t R, DecayAt kDecay, class T, size_t G>
HWY_INLINE void LinearTile(const LinearPass<T>& pass, const ColumnGroup<T, G>& group, size_t first,
                           size_t t, GroupState<T, G>& state) {
  using Group = ColumnGroup<T, G>;
  const typename Group::D d;
  const size_t lanes = Group::Lanes();
  typename Group::V v[R][G], o[R][G];
  const T *q[R], *k[R];
  T decay[R];
  for (size_t r = 0; r < R; ++r) {
    q[r] = pass.q.row(t + r);
    k[r] = pass.k.row(t + r);
    decay[r] = kDecay == DecayAt::nowhere ? T(1) : *pass.decay.row(t + r);
    const T weight = pass.in_scale * (pass.in.data == nullptr ? T(1) : *pass.in.row(t + r));
    for (size_t g = 0; g < G; ++g) {
      v[r][g] = hn::Mul(hn::Set(d, weight), group.From(pass.v.row(t + r) + first, g));
      o[r][g] = hn::Zero(d);
    }
  }
  for (size_t i = 0; i < pass.key; ++i) {
    T* const row = state.Row(i);
    typename Group::V s[G];
    for (size_t g = 0; g < G; ++g) s[g] = hn::Load(d, row + g * lanes);
    for (size_t r = 0; r < R; ++r) {
      const auto key = hn::Set(d, k[r][i]);
      const auto query = hn::Set(d, q[r][i]);
      for (size_t g = 0; g < G; ++g) {
        if (kDecay == DecayAt::before) s[g] = hn::Mul(hn::Set(d, decay[r]), s[g]);
        s[g] = hn::MulAdd(key, v[r][g], s[g]);
        o[r][g] = hn::MulAdd(query, s[g], o[r][g]);
        if (kDecay == DecayAt::after) s[g] = hn::Mul(hn::Set(d, decay[r]), s[g]);
      }
    }
    for (size_t g = 0; g < G; ++g) hn::Store(s[g], d, row + g * lanes);
  }
  for (size_t r = 0; r < R; ++r) {
    const T weight = pass.out_scale * (pass.out.data == nullptr ? T(1) : *pass.out.row(t + r));
    for (size_t g = 0; g < G; ++g)
      group.To(pass.o.row(t + r) + first, g, hn::Mul(hn::Set(d, weight), o[r][g]));
  }
}

template <DecayAt kDecay, class T>
void LinearGroups(const LinearPass<T>& pass) {
  ForGroups<T>(pass.value, [&]<size_t G>(const ColumnGroup<T, G>& group, size_t first) HWY_ATTR {
    GroupState<T, G> state(group, pass.key, pass.value, pass.state + first);
    size_t t = 0;
    for (; pass.before == nullptr && t + 4 <= pass.tokens; t += 4)
      LinearTile<4, kDecay>(pass, group, first, t, state);
    for (; t < pass.tokens; ++t) {
      if (pass.before != nullptr) state.CopyTo(pass.before + t * pass.key * pass.value + first);
      LinearTile<1, kDecay>(pass, group, first, t, state);
    }
    state.Return();
  });
}

template <class T>
void RunLinear(const LinearPass<T>& pass) {
  if (pass.decay.data == nullptr) {
    LinearGroups<DecayAt::nowhere>(pass);
  } else if (pass.decay_after) {
    LinearGroups<DecayAt::after>(pass);
  } else {
    LinearGroups<DecayAt::before>(pass);
  }
}

template <class T>
T EntryOr1(const T* array, size_t t) {
  return array == nullptr ? T(1) : array[t];
}

// Token t of the delta rule: u = beta (v - gamma S k), S = gamma S + k u, o = scale S q.
template <class T, size_t G>
HWY_INLINE void DeltaToken(const DeltaPass<T>& pass, const ColumnGroup<T, G>& group, size_t first,
                           size_t t, GroupState<T, G>& state) {
  using Group = ColumnGroup<T, G>;
  const typename Group::D d;
  const size_t lanes = Group::Lanes();
  const T *q = pass.q.row(t), *k = pass.k.row(t);
  const auto decay = hn::Set(d, EntryOr1(pass.decay, t));
  typename Group::V read[2][G], o[G], u[G];  // two sums, so that one need not wait for the other
  for (size_t g = 0; g < G; ++g) read[0][g] = read[1][g] = o[g] = hn::Zero(d);
  for (size_t i = 0; i < pass.key; ++i) {
    for (size_t g = 0; g < G; ++g) {
      read[i % 2][g] =
          hn::MulAdd(hn::Set(d, k[i]), hn::Load(d, state.Row(i) + g * lanes), read[i % 2][g]);
    }
  }
  for (size_t g = 0; g < G; ++g) {
    const auto v = group.From(pass.v.row(t) + first, g);
    const auto known = hn::Mul(decay, hn::Add(read[0][g], read[1][g]));
    u[g] = hn::Mul(hn::Set(d, EntryOr1(pass.strength, t)), hn::Sub(v, known));
  }
  for (size_t i = 0; i < pass.key; ++i) {
    for (size_t g = 0; g < G; ++g) {
      T* const place = state.Row(i) + g * lanes;
      const auto s = hn::MulAdd(hn::Set(d, k[i]), u[g], hn::Mul(decay, hn::Load(d, place)));
      hn::Store(s, d, place);
      o[g] = hn::MulAdd(hn::Set(d, q[i]), s, o[g]);
    }
  }
  for (size_t g = 0; g < G; ++g)
    group.To(pass.o.row(t) + first, g, hn::Mul(hn::Set(d, pass.scale), o[g]));
}

template <class T>
void RunDelta(const DeltaPass<T>& pass) {
  ForGroups<T>(pass.value, [&]<size_t G>(const ColumnGroup<T, G>& group, size_t first) HWY_ATTR {
    GroupState<T, G> state(group, pass.key, pass.value, pass.state + first);
    for (size_t t = 0; t < pass.tokens; ++t) {
      if (pass.before != nullptr) state.CopyTo(pass.before + t * pass.key * pass.value + first);
      DeltaToken(pass, group, first, t, state);
    }
    state.Return();
  });
}

// Of the additive rule: ddecay of token t, and A of the state before it, which is
// gamma (A + scale q dout^T).
template <class T, size_t G>
HWY_INLINE void DecayToken(const ReplayPass<T>& pass, const ColumnGroup<T, G>& group, size_t first,
                           size_t t, GroupState<T, G>& adjoint) {
  using Group = ColumnGroup<T, G>;
  const typename Group::D d;
  const size_t lanes = Group::Lanes();
  const T* q = pass.q.row(t);
  const T* before = pass.before + t * pass.key * pass.value + first;
  const auto decay = hn::Set(d, EntryOr1(pass.decay, t));
  typename Group::V dout[G], sum[G];
  for (size_t g = 0; g < G; ++g) {
    dout[g] = hn::Mul(hn::Set(d, pass.scale), group.From(pass.dout.row(t) + first, g));
    sum[g] = hn::Zero(d);
  }
  for (size_t i = 0; i < pass.key; ++i) {
    for (size_t g = 0; g < G; ++g) {
      T* const place = adjoint.Row(i) + g * lanes;
      const auto a = hn::MulAdd(hn::Set(d, q[i]), dout[g], hn::Load(d, place));
      sum[g] = hn::MulAdd(a, group.From(before + i * pass.value, g), sum[g]);
      hn::Store(hn::Mul(decay, a), d, place);
    }
  }
  for (size_t g = 0; g < G; ++g) pass.ddecay[t] += SumOf<T>(d, sum[g]);
}

// What of token t a replay of the delta rule has in registers: rows of dout, of u = beta w,
// w = v - gamma S k, and of dw.
template <class T, size_t G>
struct ReplayToken {
  typename ColumnGroup<T, G>::V dout[G], u[G], dw[G];
};

// A = A + scale q dout^T, and what follows of A k and S k.
template <class T, size_t G>
HWY_INLINE ReplayToken<T, G> EnterToken(const ReplayPass<T>& pass, const ColumnGroup<T, G>& group,
                                        size_t first, size_t t, GroupState<T, G>& adjoint) {
  using Group = ColumnGroup<T, G>;
  const typename Group::D d;
  const size_t lanes = Group::Lanes();
  const T *q = pass.q.row(t), *k = pass.k.row(t);
  const T* before = pass.before + t * pass.key * pass.value + first;
  ReplayToken<T, G> token;
  typename Group::V of_adjoint[G], of_state[G];
  for (size_t g = 0; g < G; ++g) {
    token.dout[g] = hn::Mul(hn::Set(d, pass.scale), group.From(pass.dout.row(t) + first, g));
    of_adjoint[g] = of_state[g] = hn::Zero(d);
  }
  for (size_t i = 0; i < pass.key; ++i) {
    const auto key = hn::Set(d, k[i]);
    for (size_t g = 0; g < G; ++g) {
      T* const place = adjoint.Row(i) + g * lanes;
      const auto a = hn::MulAdd(hn::Set(d, q[i]), token.dout[g], hn::Load(d, place));
      hn::Store(a, d, place);
      of_adjoint[g] = hn::MulAdd(key, a, of_adjoint[g]);
      of_state[g] = hn::MulAdd(key, group.From(before + i * pass.value, g), of_state[g]);
    }
  }
  const T strength = EntryOr1(pass.strength, t);
  auto dstrength = hn::Zero(d);
  for (size_t g = 0; g < G; ++g) {
    const auto known = hn::Mul(hn::Set(d, EntryOr1(pass.decay, t)), of_state[g]);
    const auto w = hn::Sub(group.From(pass.v.row(t) + first, g), known);
    dstrength = hn::MulAdd(w, of_adjoint[g], dstrength);
    token.u[g] = hn::Mul(hn::Set(d, strength), w);
    token.dw[g] = hn::Mul(hn::Set(d, strength), of_adjoint[g]);
    group.To(pass.dv.row(t) + first, g, token.dw[g]);
  }
  if (pass.dstrength != nullptr) pass.dstrength[t] += SumOf<T>(d, dstrength);
  return token;
}

// dk, dq and ddecay of token t, and A of the state before it: gamma (A - k dw^T).
template <class T, size_t G>
HWY_INLINE void LeaveToken(const ReplayPass<T>& pass, const ColumnGroup<T, G>& group, size_t first,
                           size_t t, const ReplayToken<T, G>& token, GroupState<T, G>& adjoint) {
  using Group = ColumnGroup<T, G>;
  const typename Group::D d;
  const size_t lanes = Group::Lanes();
  const T* k = pass.k.row(t);
  const T* before = pass.before + t * pass.key * pass.value + first;
  const auto decay = hn::Set(d, EntryOr1(pass.decay, t));
  auto ddecay = hn::Zero(d);
  for (size_t i = 0; i < pass.key; ++i) {
    const auto key = hn::Set(d, k[i]);
    auto dk = hn::Zero(d), dq = hn::Zero(d);
    for (size_t g = 0; g < G; ++g) {
      T* const place = adjoint.Row(i) + g * lanes;
      const auto a = hn::Load(d, place), s = group.From(before + i * pass.value, g);
      const auto kept = hn::Mul(decay, s);
      dk = hn::MulAdd(a, token.u[g], hn::NegMulAdd(kept, token.dw[g], dk));
      dq = hn::MulAdd(hn::MulAdd(key, token.u[g], kept), token.dout[g], dq);
      const auto left = hn::NegMulAdd(key, token.dw[g], a);
      ddecay = hn::MulAdd(left, s, ddecay);
      hn::Store(hn::Mul(decay, left), d, place);
    }
    pass.dk.row(t)[i] += SumOf<T>(d, dk);
    pass.dq.row(t)[i] += SumOf<T>(d, dq);
  }
  if (pass.ddecay != nullptr) pass.ddecay[t] += SumOf<T>(d, ddecay);
}

template <class T>
void RunReplay(const ReplayPass<T>& pass) {
  ForGroups<T>(pass.value, [&]<size_t G>(const ColumnGroup<T, G>& group, size_t first) HWY_ATTR {
    GroupState<T, G> adjoint(group, pass.key, pass.value, pass.adjoint + first);
    for (size_t t = pass.tokens; t-- > 0;) {
      if (!pass.delta) {
        DecayToken(pass, group, first, t, adjoint);
        continue;
      }
      const ReplayToken<T, G> token = EnterToken(pass, group, first, t, adjoint);
      LeaveToken(pass, group, first, t, token, adjoint);
    }
    adjoint.Return();
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
