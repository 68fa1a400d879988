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

template <class T>
T EntryOr1(const T* array, size_t t) {
  return array == nullptr ? T(1) : array[t];
}

enum class DecayAt { nowhere, before, after };

// What the tokens of a tile do to a row of the state, in this order.
struct TileForm {
  DecayAt decay;
  bool keeps = false;         // the row as it is before the token is stored
  bool reads_before = false;  // after a decay that is before
  bool reads = true;          // behind the write
  bool writes_twice = false;  // behind the read
};

// R tokens in registers. `key` goes with `v`, `query` with `o`, `other` with `second`, which is
// what is read before the write, or what is written second; both with a minus.
template <size_t R, class T, size_t G>
struct TokenTile {
  using V = typename ColumnGroup<T, G>::V;

  const T *key[R], *query[R], *other[R];
  T decay[R];
  V v[R][G], o[R][G], second[R][G];
  T* before[R];  // the first column of the group in the first row of what is kept
};

// All rows of the state through a tile.
template <size_t R, TileForm kForm, class T, size_t G>
HWY_INLINE void Sweep(size_t rows, const ColumnGroup<T, G>& group, size_t kept_columns,
                      TokenTile<R, T, G>& tile, GroupState<T, G>& state) {
  using Group = ColumnGroup<T, G>;
  const typename Group::D d;
  const size_t lanes = Group::Lanes();
  constexpr bool kUsesOther = kForm.reads_before || kForm.writes_twice;
  for (size_t i = 0; i < rows; ++i) {
    T* const row = state.Row(i);
    typename Group::V s[G];
    for (size_t g = 0; g < G; ++g) s[g] = hn::Load(d, row + g * lanes);
    for (size_t r = 0; r < R; ++r) {
      const auto zero = hn::Zero(d), key = hn::Set(d, tile.key[r][i]),
                 query = kForm.reads ? hn::Set(d, tile.query[r][i]) : zero,
                 other = kUsesOther ? hn::Set(d, tile.other[r][i]) : zero;
      for (size_t g = 0; g < G; ++g) {
        if (kForm.keeps) group.To(tile.before[r] + i * kept_columns, g, s[g]);
        if (kForm.decay == DecayAt::before) s[g] = hn::Mul(hn::Set(d, tile.decay[r]), s[g]);
        if (kForm.reads_before) tile.second[r][g] = hn::NegMulAdd(other, s[g], tile.second[r][g]);
        s[g] = hn::MulAdd(key, tile.v[r][g], s[g]);
        if (kForm.reads) tile.o[r][g] = hn::MulAdd(query, s[g], tile.o[r][g]);
        if (kForm.writes_twice) s[g] = hn::NegMulAdd(other, tile.second[r][g], s[g]);
        if (kForm.decay == DecayAt::after) s[g] = hn::Mul(hn::Set(d, tile.decay[r]), s[g]);
      }
    }
    for (size_t g = 0; g < G; ++g) hn::Store(s[g], d, row + g * lanes);
  }
}

// The tokens [t, t + R) of a linear pass.
template <size_t R, TileForm kForm, class T, size_t G>
HWY_INLINE void LinearTile(const LinearPass<T>& pass, const ColumnGroup<T, G>& group, size_t first,
                           size_t t, GroupState<T, G>& state) {
  using Group = ColumnGroup<T, G>;
  const typename Group::D d;
  TokenTile<R, T, G> tile;
  for (size_t r = 0; r < R; ++r) {
    tile.key[r] = pass.k.row(t + r);
    if (kForm.reads) tile.query[r] = pass.q.row(t + r);
    if (kForm.reads_before || kForm.writes_twice) tile.other[r] = pass.x.row(t + r);
    if (kForm.keeps) tile.before[r] = pass.before + (t + r) * pass.key * pass.value + first;
    tile.decay[r] = pass.decay.data == nullptr ? T(1) : *pass.decay.row(t + r);
    const T weight = pass.in_scale * (pass.in.data == nullptr ? T(1) : *pass.in.row(t + r));
    for (size_t g = 0; g < G; ++g) {
      tile.v[r][g] = hn::Mul(hn::Set(d, weight), group.From(pass.v.row(t + r) + first, g));
      tile.o[r][g] = hn::Zero(d);
      tile.second[r][g] =
          kForm.writes_twice ? group.From(pass.w.row(t + r) + first, g) : hn::Zero(d);
    }
  }
  Sweep<R, kForm>(pass.key, group, pass.value, tile, state);
  for (size_t r = 0; r < R; ++r) {
    if (kForm.reads_before) {
      for (size_t g = 0; g < G; ++g) group.To(pass.y.row(t + r) + first, g, tile.second[r][g]);
    }
    if (!kForm.reads) continue;
    const T weight = pass.out_scale * (pass.out.data == nullptr ? T(1) : *pass.out.row(t + r));
    for (size_t g = 0; g < G; ++g) {
      T* const place = pass.o.row(t + r) + first;
      auto o = hn::Mul(hn::Set(d, weight), tile.o[r][g]);
      if (pass.adds) o = hn::Add(o, group.From(place, g));
      group.To(place, g, o);
    }
  }
}

template <TileForm kForm, class T>
void LinearGroups(const LinearPass<T>& pass) {
  ForGroups<T>(pass.value, [&]<size_t G>(const ColumnGroup<T, G>& group, size_t first) HWY_ATTR {
    GroupState<T, G> state(group, pass.key, pass.value, pass.state + first);
    size_t t = 0;
    for (; t + 4 <= pass.tokens; t += 4) LinearTile<4, kForm>(pass, group, first, t, state);
    for (; t < pass.tokens; ++t) LinearTile<1, kForm>(pass, group, first, t, state);
    state.Return();
  });
}

// Forms are few, so that there is little to compile: what is kept always takes a decay, of 1 where
// there is none.
template <class T>
void RunLinear(const LinearPass<T>& pass) {
  using enum DecayAt;
  const bool decays = pass.decay.data != nullptr;
  if (pass.y.data != nullptr) {
    if (decays) return LinearGroups<TileForm{.decay = before, .reads_before = true}>(pass);
    return LinearGroups<TileForm{.decay = nowhere, .reads_before = true}>(pass);
  }
  if (pass.w.data != nullptr) {
    if (decays) return LinearGroups<TileForm{.decay = after, .writes_twice = true}>(pass);
    return LinearGroups<TileForm{.decay = nowhere, .writes_twice = true}>(pass);
  }
  if (pass.before != nullptr)
    return LinearGroups<TileForm{.decay = before, .keeps = true, .reads = false}>(pass);
  if (pass.q.data == nullptr) {
    if (decays) return LinearGroups<TileForm{.decay = before, .reads = false}>(pass);
    return LinearGroups<TileForm{.decay = nowhere, .reads = false}>(pass);
  }
  if (!decays) return LinearGroups<TileForm{.decay = nowhere}>(pass);
  if (pass.decay_after) return LinearGroups<TileForm{.decay = after}>(pass);
  LinearGroups<TileForm{.decay = before}>(pass);
}

template <class T>
T DotOfRows(size_t count, const T* a, const T* b) {
  using Group = ColumnGroup<T, 1>;
  const typename Group::D d;
  auto sum = hn::Zero(d);
  for (size_t i = 0; i < count; i += Group::Lanes()) {
    const Group part{count - i};
    sum = hn::MulAdd(part.From(a + i, 0), part.From(b + i, 0), sum);
  }
  return SumOf<T>(d, sum);
}

// sums_r = S^T x_r for the rows x_r of a tile.
template <size_t R, class T, size_t G>
HWY_INLINE void ReadRows(size_t rows, const T* const* x, GroupState<T, G>& state,
                         typename ColumnGroup<T, G>::V (&sums)[R][G]) {
  using Group = ColumnGroup<T, G>;
  const typename Group::D d;
  const size_t lanes = Group::Lanes();
  for (size_t r = 0; r < R; ++r) {
    for (size_t g = 0; g < G; ++g) sums[r][g] = hn::Zero(d);
  }
  for (size_t i = 0; i < rows; ++i) {
    const T* const row = state.Row(i);
    for (size_t g = 0; g < G; ++g) {
      const auto s = hn::Load(d, row + g * lanes);
      for (size_t r = 0; r < R; ++r) sums[r][g] = hn::MulAdd(hn::Set(d, x[r][i]), s, sums[r][g]);
    }
  }
}

// The tokens [t, t + R) of the delta rule. With S the state before the tile, c_r the product of its
// decays up to token r and z_rs that of the tokens behind s up to r,
//
//     w_r = v_r - c_r S^T k_r - sum_{s<r} z_rs (k_r . k_s) u_s,    u_r = beta_r w_r
//
// and then the tile is one of the additive rule that writes u_r.
template <size_t R, bool kReads, class T, size_t G>
HWY_INLINE void DeltaTile(const DeltaPass<T>& pass, const ColumnGroup<T, G>& group, size_t first,
                          size_t t, GroupState<T, G>& state) {
  using Group = ColumnGroup<T, G>;
  const typename Group::D d;
  TokenTile<R, T, G> tile;
  for (size_t r = 0; r < R; ++r) {
    tile.key[r] = pass.k.row(t + r);
    if (kReads) tile.query[r] = pass.q.row(t + r);
    tile.decay[r] = EntryOr1(pass.decay, t + r);
  }
  typename Group::V known[R][G];
  ReadRows<R>(pass.key, tile.key, state, known);
  T c = 1, z[R];
  for (size_t r = 0; r < R; ++r) {
    c *= tile.decay[r];
    for (size_t g = 0; g < G; ++g) known[r][g] = hn::Mul(hn::Set(d, c), known[r][g]);
    for (size_t s = 0; s < r; ++s) {
      z[s] *= tile.decay[r];
      const auto weight = hn::Set(d, z[s] * DotOfRows(pass.key, tile.key[r], tile.key[s]));
      for (size_t g = 0; g < G; ++g) known[r][g] = hn::MulAdd(weight, tile.v[s][g], known[r][g]);
    }
    z[r] = 1;
    for (size_t g = 0; g < G; ++g) {
      const auto w = hn::Sub(group.From(pass.v.row(t + r) + first, g), known[r][g]);
      if (pass.w.data != nullptr) group.To(pass.w.row(t + r) + first, g, w);
      tile.v[r][g] = hn::Mul(hn::Set(d, EntryOr1(pass.strength, t + r)), w);
      tile.o[r][g] = hn::Zero(d);
    }
  }
  Sweep<R, TileForm{.decay = DecayAt::before, .reads = kReads}>(pass.key, group, 0, tile, state);
  for (size_t r = 0; kReads && r < R; ++r) {
    for (size_t g = 0; g < G; ++g)
      group.To(pass.o.row(t + r) + first, g, hn::Mul(hn::Set(d, pass.scale), tile.o[r][g]));
  }
}

template <bool kReads, class T>
void DeltaGroups(const DeltaPass<T>& pass) {
  ForGroups<T>(pass.value, [&]<size_t G>(const ColumnGroup<T, G>& group, size_t first) HWY_ATTR {
    GroupState<T, G> state(group, pass.key, pass.value, pass.state + first);
    size_t t = 0;
    for (; t + 4 <= pass.tokens; t += 4) DeltaTile<4, kReads>(pass, group, first, t, state);
    for (; t < pass.tokens; ++t) DeltaTile<1, kReads>(pass, group, first, t, state);
    state.Return();
  });
}

template <class T>
void RunDelta(const DeltaPass<T>& pass) {
  if (pass.q.data == nullptr) return DeltaGroups<false>(pass);
  DeltaGroups<true>(pass);
}

// The tokens t, t - 1 .. t - R + 1 on the way back through the delta rule. With A the adjoint that
// enters the tile from behind, C_r the product of the decays of its tokens before r (in this order)
// and Z_rs that of s .. r - 1,
//
//     du_r = C_r A^T k_r + sum_{s<=r} Z_rs (k_r . q_s) scale do_s - sum_{s<r} Z_rs (k_r . k_s) dv_s
//
// and dv_r = beta_r du_r; the tile then writes q_s scale do_s^T and -k_s dv_s^T.
template <size_t R, class T, size_t G>
HWY_INLINE void DeltaBackTile(const DeltaBackPass<T>& pass, const ColumnGroup<T, G>& group,
                              size_t first, size_t t, GroupState<T, G>& state) {
  using Group = ColumnGroup<T, G>;
  const typename Group::D d;
  TokenTile<R, T, G> tile;  // of which v is scale do, and second dv
  for (size_t r = 0; r < R; ++r) {
    tile.key[r] = pass.q.row(t - r);
    tile.other[r] = pass.k.row(t - r);
    tile.decay[r] = EntryOr1(pass.decay, t - r);
    for (size_t g = 0; g < G; ++g) {
      tile.v[r][g] = hn::Mul(hn::Set(d, pass.scale), group.From(pass.dout.row(t - r) + first, g));
    }
  }
  typename Group::V du[R][G];
  ReadRows<R>(pass.key, tile.other, state, du);
  T c = 1, z[R];
  for (size_t r = 0; r < R; ++r) {
    for (size_t g = 0; g < G; ++g) du[r][g] = hn::Mul(hn::Set(d, c), du[r][g]);
    c *= tile.decay[r];
    z[r] = 1;
    for (size_t s = 0; s <= r; ++s) {
      const T* const k = tile.other[r];
      const auto read = hn::Set(d, z[s] * DotOfRows(pass.key, k, tile.key[s]));
      for (size_t g = 0; g < G; ++g) du[r][g] = hn::MulAdd(read, tile.v[s][g], du[r][g]);
      if (s == r) continue;
      const auto erased = hn::Set(d, z[s] * DotOfRows(pass.key, k, tile.other[s]));
      for (size_t g = 0; g < G; ++g) du[r][g] = hn::NegMulAdd(erased, tile.second[s][g], du[r][g]);
    }
    for (size_t s = 0; s <= r; ++s) z[s] *= tile.decay[r];
    auto dstrength = hn::Zero(d);
    for (size_t g = 0; g < G; ++g) {
      dstrength = hn::MulAdd(group.From(pass.w.row(t - r) + first, g), du[r][g], dstrength);
      tile.second[r][g] = hn::Mul(hn::Set(d, EntryOr1(pass.strength, t - r)), du[r][g]);
      group.To(pass.dv.row(t - r) + first, g, tile.second[r][g]);
    }
    if (pass.dstrength != nullptr) pass.dstrength[t - r] += SumOf<T>(d, dstrength);
  }
  Sweep<R, TileForm{.decay = DecayAt::after, .reads = false, .writes_twice = true}>(pass.key, group,
                                                                                    0, tile, state);
}

template <class T>
void RunDeltaBack(const DeltaBackPass<T>& pass) {
  ForGroups<T>(pass.value, [&]<size_t G>(const ColumnGroup<T, G>& group, size_t first) HWY_ATTR {
    GroupState<T, G> state(group, pass.key, pass.value, pass.adjoint + first);
    size_t t = pass.tokens;
    for (; t >= 4; t -= 4) DeltaBackTile<4>(pass, group, first, t - 1, state);
    for (; t > 0; --t) DeltaBackTile<1>(pass, group, first, t - 1, state);
    state.Return();
  });
}

// ddecay of the tokens t, t - 1 .. t - R + 1.
template <size_t R, bool kErases, class T, size_t G>
HWY_INLINE void ReplayTile(const ReplayPass<T>& pass, const ColumnGroup<T, G>& group, size_t first,
                           size_t t, GroupState<T, G>& adjoint) {
  using Group = ColumnGroup<T, G>;
  const typename Group::D d;
  const size_t lanes = Group::Lanes();
  typename Group::V dout[R][G], dv[R][G], sum[R][G];
  const T *q[R], *k[R], *before[R];
  T decay[R];
  for (size_t r = 0; r < R; ++r) {
    q[r] = pass.q.row(t - r);
    if (kErases) k[r] = pass.k.row(t - r);
    before[r] = pass.before + (t - r) * pass.key * pass.value + first;
    decay[r] = EntryOr1(pass.decay, t - r);
    for (size_t g = 0; g < G; ++g) {
      dout[r][g] = hn::Mul(hn::Set(d, pass.scale), group.From(pass.dout.row(t - r) + first, g));
      if (kErases) dv[r][g] = group.From(pass.dv.row(t - r) + first, g);
      sum[r][g] = hn::Zero(d);
    }
  }
  for (size_t i = 0; i < pass.key; ++i) {
    for (size_t g = 0; g < G; ++g) {
      T* const place = adjoint.Row(i) + g * lanes;
      auto a = hn::Load(d, place);
      for (size_t r = 0; r < R; ++r) {
        a = hn::MulAdd(hn::Set(d, q[r][i]), dout[r][g], a);
        if (kErases) a = hn::NegMulAdd(hn::Set(d, k[r][i]), dv[r][g], a);
        sum[r][g] = hn::MulAdd(a, group.From(before[r] + i * pass.value, g), sum[r][g]);
        a = hn::Mul(hn::Set(d, decay[r]), a);
      }
      hn::Store(a, d, place);
    }
  }
  for (size_t r = 0; r < R; ++r) {
    for (size_t g = 0; g < G; ++g) pass.ddecay[t - r] += SumOf<T>(d, sum[r][g]);
  }
}

template <bool kErases, class T>
void ReplayGroups(const ReplayPass<T>& pass) {
  ForGroups<T>(pass.value, [&]<size_t G>(const ColumnGroup<T, G>& group, size_t first) HWY_ATTR {
    GroupState<T, G> adjoint(group, pass.key, pass.value, pass.adjoint + first);
    size_t t = pass.tokens;
    for (; t >= 4; t -= 4) ReplayTile<4, kErases>(pass, group, first, t - 1, adjoint);
    for (; t > 0; --t) ReplayTile<1, kErases>(pass, group, first, t - 1, adjoint);
    adjoint.Return();
  });
}

template <class T>
void RunReplay(const ReplayPass<T>& pass) {
  if (pass.dv.data == nullptr) return ReplayGroups<false>(pass);
  ReplayGroups<true>(pass);
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
