// The solvers of solve.h. Per-target header.
#if defined(GRAMIAN_SEQUENCE_SOLVE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_SEQUENCE_SOLVE_INL_H
#undef GRAMIAN_SEQUENCE_SOLVE_INL_H
#else
#define GRAMIAN_SEQUENCE_SOLVE_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "gramian/base/aligned.h"
#include "gramian/base/assert.h"
#include "gramian/sequence/block_solve-inl.h"
#include "gramian/sequence/mesa.h"
#include "gramian/sequence/solve.h"
#include "gramian/sequence/solve_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// ---- LDL^T

// Where row i of a lower triangle begins, in registers.
constexpr size_t TriangleRow(size_t i) { return i * (i + 1) / 2; }

// What the matrices of a tile are made of. The tile is cut into parts of as many tokens as a block
// of 128 bits has lanes. With H_p the state before part p, which is that of token t, delta_pt the
// product of the decays of the part up to t, and Z_ts as in solve.h,
//
//     H_t = delta_pt H_p + sum over s <= t of part p of Z_ts k_s k_s^T
//
// In registers that is a product for each part, zero in the lanes of others, and one for each token
// of a part, which is the first (second, ..) token of its part in every lane.
template <class T>
class TileParts {
  using D = TileTag<T>;
  static constexpr size_t kSize = HWY_TARGET == HWY_SCALAR ? 1 : 16 / sizeof(T);
  static constexpr size_t kParts = hn::MaxLanes(D()) < kSize ? 1 : hn::MaxLanes(D()) / kSize;

 public:
  explicit TileParts(size_t key)
      : key_(key), h_(kParts * key * key), keys_(key * 16), k_(kSize * key * 16) {}

  // Takes H of the tile to its end.
  void Enter(SolveTile<T>& tile) {
    const D d;
    const size_t lanes = hn::Lanes(d), count = tile.Count();
    for (size_t p = 0; p < kParts; ++p) {
      const size_t from = std::min(p * kSize, count);
      std::copy_n(tile.HRow(0), key_ * key_, h_.data() + p * key_ * key_);
      tile.Advance(from, std::min(kSize, count - from));
    }
    tile.LoadKeys(keys_.data());
    for (size_t i = 0; i < key_; ++i) {
      const auto k = hn::Load(d, keys_.data() + i * lanes);
      StoreOfParts(k, i, std::make_index_sequence<kSize>());
    }
    std::fill_n(delta_, kParts * 16, T(0));
    for (size_t t = 0; t < lanes; ++t) {
      const size_t p = t / kSize, r = t % kSize;
      const T decay = tile.Decay(t);
      delta_[p * lanes + t] = r == 0 ? decay : decay * delta_[p * lanes + t - 1];
      for (size_t s = 0; s < kSize; ++s) z_[s * lanes + t] = tile.ZAt(t, p * kSize + s);
    }
  }

  // H_t + diag(lambda) of each lane, the lower triangle by rows.
  void Fill(const SolveTile<T>& tile, T* HWY_RESTRICT m) const {
    const D d;
    const size_t lanes = hn::Lanes(d);
    for (size_t i = 0; i < key_; ++i) {
      T* const row = m + TriangleRow(i) * lanes;
      TileVec<T> delta[kParts], weight[kSize];
      for (size_t p = 0; p < kParts; ++p) delta[p] = hn::Load(d, delta_ + p * lanes);
      for (size_t s = 0; s < kSize; ++s) weight[s] = hn::Mul(hn::Load(d, z_ + s * lanes), K(s, i));
      for (size_t j = 0; j <= i; ++j) {
        auto sum = hn::Mul(delta[0], hn::Set(d, H(0, i, j)));
        auto written = hn::Mul(weight[0], K(0, j));
        for (size_t p = 1; p < kParts; ++p) sum = hn::MulAdd(delta[p], hn::Set(d, H(p, i, j)), sum);
        for (size_t s = 1; s < kSize; ++s) written = hn::MulAdd(weight[s], K(s, j), written);
        hn::Store(hn::Add(sum, written), d, row + j * lanes);
      }
      T* const diagonal = row + i * lanes;
      hn::Store(hn::Add(hn::Load(d, diagonal), hn::Set(d, tile.Ridge(i))), d, diagonal);
    }
  }

 private:
  T H(size_t p, size_t i, size_t j) const { return h_.data()[(p * key_ + i) * key_ + j]; }
  HWY_INLINE TileVec<T> K(size_t s, size_t i) const {
    return hn::Load(D(), k_.data() + (s * key_ + i) * hn::Lanes(D()));
  }

  template <size_t... s>
  HWY_INLINE void StoreOfParts(TileVec<T> k, size_t i, std::index_sequence<s...>) {
    const D d;
    const size_t lanes = hn::Lanes(d);
    (hn::Store(hn::Broadcast<static_cast<int>(s)>(k), d, k_.data() + (s * key_ + i) * lanes), ...);
  }

  size_t key_;
  AlignedArray<T> h_, keys_, k_;  // H_p; k [key, lanes]; k of token s of a part [kSize, key, lanes]
  HWY_ALIGN T delta_[kParts * 16];
  HWY_ALIGN T z_[kSize * 16];
};

// Columns of a triangle that are found together, and rows: what fits the registers.
constexpr size_t kFactorColumns = HWY_TARGET <= HWY_AVX3 ? 4 : 2;

// sum over c < count of a_c b_c; in four sums, so that one need not wait for the other.
template <class T>
HWY_INLINE TileVec<T> TriangleDot(size_t count, const T* HWY_RESTRICT a, const T* HWY_RESTRICT b) {
  const TileTag<T> d;
  const size_t lanes = hn::Lanes(d);
  TileVec<T> sum[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
  size_t c = 0;
  for (; c + 4 <= count; c += 4) {
    for (size_t n = 0; n < 4; ++n) {
      sum[n] =
          hn::MulAdd(hn::Load(d, a + (c + n) * lanes), hn::Load(d, b + (c + n) * lanes), sum[n]);
    }
  }
  for (; c < count; ++c)
    sum[0] = hn::MulAdd(hn::Load(d, a + c * lanes), hn::Load(d, b + c * lanes), sum[0]);
  return hn::Add(hn::Add(sum[0], sum[1]), hn::Add(sum[2], sum[3]));
}

// Of rows [i, i + R) of L, the entries of the columns j .. j + Q - 1:
// L_ij = (M_ij - sum_{c<j} L_ic w_jc) / D_j with w_jc = L_jc D_c, row q of w that of column j + q.
template <size_t R, size_t Q, class T>
HWY_INLINE void FactorRows(size_t i, size_t j, size_t key, const T* HWY_RESTRICT w,
                           const T* HWY_RESTRICT inverses, T* m) {
  const TileTag<T> d;
  const size_t lanes = hn::Lanes(d);
  T* row[R];
  TileVec<T> sum[R][Q];
  for (size_t r = 0; r < R; ++r) {
    row[r] = m + TriangleRow(i + r) * lanes;
    for (size_t q = 0; q < Q; ++q) sum[r][q] = hn::Load(d, row[r] + (j + q) * lanes);
  }
  for (size_t c = 0; c < j; ++c) {
    TileVec<T> x[Q];
    for (size_t q = 0; q < Q; ++q) x[q] = hn::Load(d, w + (q * key + c) * lanes);
    for (size_t r = 0; r < R; ++r) {
      const auto entry = hn::Load(d, row[r] + c * lanes);
      for (size_t q = 0; q < Q; ++q) sum[r][q] = hn::NegMulAdd(entry, x[q], sum[r][q]);
    }
  }
  for (size_t r = 0; r < R; ++r) {
    for (size_t q = 0; q < Q; ++q) {
      for (size_t p = 0; p < q; ++p) {
        sum[r][q] = hn::NegMulAdd(sum[r][p], hn::Load(d, w + (q * key + j + p) * lanes), sum[r][q]);
      }
      sum[r][q] = hn::Mul(sum[r][q], hn::Load(d, inverses + (j + q) * lanes));
      hn::Store(sum[r][q], d, row[r] + (j + q) * lanes);
    }
  }
}

// D_j and its inverse, and w_jc for c < j, from row j of L.
template <class T>
HWY_INLINE void FactorPivot(const SolveTile<T>& tile, size_t j, T* HWY_RESTRICT w,
                            T* HWY_RESTRICT inverses, T* m) {
  const TileTag<T> d;
  const size_t lanes = tile.Lanes();
  T* const row = m + TriangleRow(j) * lanes;
  for (size_t c = 0; c < j; ++c) {
    const auto pivot = hn::Load(d, m + (TriangleRow(c) + c) * lanes);
    hn::Store(hn::Mul(hn::Load(d, row + c * lanes), pivot), d, w + c * lanes);
  }
  const T epsilon = static_cast<T>(tile.Key()) * std::numeric_limits<T>::epsilon();
  const auto diagonal = hn::Load(d, row + j * lanes);
  const auto least = hn::Max(hn::Set(d, tile.LeastRidge()), hn::Mul(hn::Set(d, epsilon), diagonal));
  const auto pivot = hn::Max(hn::Sub(diagonal, TriangleDot(j, row, w)), least);
  hn::Store(pivot, d, row + j * lanes);
  hn::Store(hn::Div(hn::Set(d, T(1)), pivot), d, inverses + j * lanes);
}

// The columns j .. j + Q - 1: first their own rows, then those below.
template <size_t Q, class T>
HWY_INLINE void FactorColumns(const SolveTile<T>& tile, size_t j, T* m, T* HWY_RESTRICT w,
                              T* HWY_RESTRICT inverses) {
  const TileTag<T> d;
  const size_t lanes = tile.Lanes(), key = tile.Key();
  for (size_t q = 0; q < Q; ++q) {
    T* const row = m + TriangleRow(j + q) * lanes;
    for (size_t p = 0; p < q; ++p) {
      T* const place = row + (j + p) * lanes;
      const auto sum = TriangleDot(j + p, row, w + p * key * lanes);
      const auto left = hn::Sub(hn::Load(d, place), sum);
      hn::Store(hn::Mul(left, hn::Load(d, inverses + (j + p) * lanes)), d, place);
    }
    FactorPivot(tile, j + q, w + q * key * lanes, inverses, m);
  }
  size_t i = j + Q;
  for (; i + 4 <= key; i += 4) FactorRows<4, Q>(i, j, key, w, inverses, m);
  for (; i < key; ++i) FactorRows<1, Q>(i, j, key, w, inverses, m);
}

// L below the diagonal of m, D on it and 1 / D in `inverses`. w: [kFactorColumns, key, lanes] of
// room.
template <class T>
void FactorTriangle(const SolveTile<T>& tile, T* m, T* HWY_RESTRICT w, T* HWY_RESTRICT inverses) {
  size_t j = 0;
  for (; j + kFactorColumns <= tile.Key(); j += kFactorColumns)
    FactorColumns<kFactorColumns>(tile, j, m, w, inverses);
  for (; j < tile.Key(); ++j) FactorColumns<1>(tile, j, m, w, inverses);
}

// x from b, in its place: L y = b, then L^T x = D^-1 y.
template <class T>
void SolveTriangle(size_t key, const T* HWY_RESTRICT m, const T* HWY_RESTRICT inverses,
                   T* HWY_RESTRICT x) {
  const TileTag<T> d;
  const size_t lanes = hn::Lanes(d);
  for (size_t i = 0; i < key; ++i) {
    T* const place = x + i * lanes;
    const auto sum = TriangleDot(i, m + TriangleRow(i) * lanes, x);
    hn::Store(hn::Sub(hn::Load(d, place), sum), d, place);
  }
  for (size_t i = 0; i < key; ++i) {
    T* const place = x + i * lanes;
    hn::Store(hn::Mul(hn::Load(d, place), hn::Load(d, inverses + i * lanes)), d, place);
  }
  for (size_t i = key; i-- > 0;) {
    const T* row = m + TriangleRow(i) * lanes;
    const auto known = hn::Load(d, x + i * lanes);
    for (size_t c = 0; c < i; ++c) {
      T* const place = x + c * lanes;
      hn::Store(hn::NegMulAdd(hn::Load(d, row + c * lanes), known, hn::Load(d, place)), d, place);
    }
  }
}

template <class T>
void SolveDirect(const SolvePass<T>& pass) {
  if (pass.decay == nullptr) return SolveBlocks(pass);
  SolveTile<T> tile(pass);
  TileParts<T> parts(pass.key);
  const size_t lanes = tile.Lanes(), vector = pass.key * lanes;
  AlignedArray<T> m(TriangleRow(pass.key) * lanes), w(kFactorColumns * vector), inverses(vector),
      x(vector);
  for (size_t t = 0; t < pass.tokens; t += lanes) {
    tile.Enter(t);
    parts.Enter(tile);
    parts.Fill(tile, m.data());
    FactorTriangle(tile, m.data(), w.data(), inverses.data());
    for (size_t side = 0; side < pass.sides; ++side) {
      tile.LoadRight(side, x.data());
      SolveTriangle(pass.key, m.data(), inverses.data(), x.data());
      tile.StoreSolution(side, x.data());
    }
  }
}

// ---- Conjugate gradients

// out = (H_t + diag(lambda)) p for each lane. `room`: 16 registers.
template <class T>
void ApplyH(const SolveTile<T>& tile, const T* HWY_RESTRICT p, T* HWY_RESTRICT room,
            T* HWY_RESTRICT out) {
  const TileTag<T> d;
  const size_t lanes = tile.Lanes(), key = tile.Key();
  LaneProduct<false>(key, key, p, tile.HRow(0), static_cast<ptrdiff_t>(key), 1, out);
  for (size_t i = 0; i < key; ++i) {
    T* const place = out + i * lanes;
    const auto ridge = hn::Mul(hn::Set(d, tile.Ridge(i)), hn::Load(d, p + i * lanes));
    hn::Store(hn::MulAdd(tile.Delta(), hn::Load(d, place), ridge), d, place);
  }
  LaneProduct<false>(tile.Count(), key, p, tile.KeyOf(0), tile.KeyStride(), 1, room);
  for (size_t j = 0; j < tile.Count(); ++j)
    hn::Store(hn::Mul(tile.Z(j), hn::Load(d, room + j * lanes)), d, room + j * lanes);
  LaneProduct<true>(key, tile.Count(), room, tile.KeyOf(0), 1, tile.KeyStride(), out);
}

template <class T>
TileVec<T> LaneDot(size_t count, const T* HWY_RESTRICT a, const T* HWY_RESTRICT b) {
  const TileTag<T> d;
  const size_t lanes = hn::Lanes(d);
  TileVec<T> sum[2] = {hn::Zero(d), hn::Zero(d)};
  for (size_t i = 0; i < count; ++i)
    sum[i % 2] = hn::MulAdd(hn::Load(d, a + i * lanes), hn::Load(d, b + i * lanes), sum[i % 2]);
  return hn::Add(sum[0], sum[1]);
}

// out = a + factor b, where out may be a or b.
template <class T>
void LaneAdd(size_t count, const T* a, TileVec<T> factor, const T* b, T* out) {
  const TileTag<T> d;
  const size_t lanes = hn::Lanes(d);
  for (size_t i = 0; i < count; ++i) {
    const auto sum = hn::MulAdd(factor, hn::Load(d, b + i * lanes), hn::Load(d, a + i * lanes));
    hn::Store(sum, d, out + i * lanes);
  }
}

// x_0 = b / (diag H_t + lambda)
template <class T>
void FirstGuess(const SolveTile<T>& tile, const T* HWY_RESTRICT b, T* HWY_RESTRICT x) {
  const TileTag<T> d;
  const size_t lanes = tile.Lanes();
  for (size_t i = 0; i < tile.Key(); ++i) {
    auto sum = hn::MulAdd(tile.Delta(), hn::Set(d, tile.H(i, i)), hn::Set(d, tile.Ridge(i)));
    for (size_t s = 0; s < tile.Count(); ++s) {
      const auto k = hn::Set(d, tile.KeyOf(s)[i]);
      sum = hn::MulAdd(hn::Mul(tile.Z(s), k), k, sum);
    }
    hn::Store(hn::Div(hn::Load(d, b + i * lanes), sum), d, x + i * lanes);
  }
}

template <class T>
struct GradientVectors {
  AlignedArray<T> b, x, r, p, hp, room;
  explicit GradientVectors(size_t size) : b(size), x(size), r(size), p(size), hp(size), room(256) {}
};

// Each lane for itself; one that has converged takes steps of length 0 until all have.
template <class T>
void DescendLanes(const SolveTile<T>& tile, int steps, T tolerance, GradientVectors<T>& v) {
  const TileTag<T> d;
  const size_t key = tile.Key();
  const auto zero = hn::Zero(d);
  FirstGuess(tile, v.b.data(), v.x.data());
  ApplyH(tile, v.x.data(), v.room.data(), v.hp.data());
  LaneAdd(key, v.b.data(), hn::Set(d, T(-1)), v.hp.data(), v.r.data());
  std::copy(v.r.begin(), v.r.end(), v.p.begin());
  auto square = LaneDot(key, v.r.data(), v.r.data());
  const auto enough =
      hn::Mul(hn::Set(d, tolerance * tolerance), LaneDot(key, v.b.data(), v.b.data()));
  for (int step = 0; step < steps; ++step) {
    const auto goes_on = hn::Gt(square, enough);
    if (hn::AllFalse(d, goes_on)) break;
    ApplyH(tile, v.p.data(), v.room.data(), v.hp.data());
    const auto least = hn::Mul(hn::Set(d, tile.LeastRidge()), LaneDot(key, v.p.data(), v.p.data()));
    const auto curvature = hn::Max(LaneDot(key, v.p.data(), v.hp.data()), least);
    const auto is_a_step = hn::And(goes_on, hn::Gt(curvature, zero));
    const auto divisor = hn::IfThenElse(is_a_step, curvature, hn::Set(d, T(1)));
    const auto length = hn::IfThenElseZero(is_a_step, hn::Div(square, divisor));
    LaneAdd(key, v.x.data(), length, v.p.data(), v.x.data());
    LaneAdd(key, v.r.data(), hn::Neg(length), v.hp.data(), v.r.data());
    const auto next = LaneDot(key, v.r.data(), v.r.data());
    const auto before = hn::IfThenElse(is_a_step, square, hn::Set(d, T(1)));
    LaneAdd(key, v.r.data(), hn::IfThenElseZero(is_a_step, hn::Div(next, before)), v.p.data(),
            v.p.data());
    square = hn::IfThenElseZero(is_a_step, next);
  }
}

template <class T>
void SolveByGradients(const SolvePass<T>& pass) {
  SolveTile<T> tile(pass);
  GradientVectors<T> vectors(pass.key * tile.Lanes());
  for (size_t t = 0; t < pass.tokens; t += tile.Lanes()) {
    tile.Enter(t);
    for (size_t side = 0; side < pass.sides; ++side) {
      tile.LoadRight(side, vectors.b.data());
      DescendLanes(tile, pass.steps, pass.tolerance, vectors);
      tile.StoreSolution(side, vectors.x.data());
    }
    tile.Leave();
  }
}

// ---- Rank-one updates of R = (H + diag(lambda))^-1

// Vectors and R padded with zeros to whole registers; b and w of each right side.
template <class T>
struct RankOne {
  size_t key, padded;
  AlignedArray<T> r, k, u, b[2], w[2];

  explicit RankOne(const SolvePass<T>& pass)
      : key(pass.key),
        padded((pass.key + 15) / 16 * 16),
        r(pass.key * padded),
        k(padded),
        u(padded),
        b{AlignedArray<T>(padded), AlignedArray<T>(padded)},
        w{AlignedArray<T>(padded), AlignedArray<T>(padded)} {
    for (size_t i = 0; i < key; ++i) std::copy_n(pass.r + i * key, key, r.data() + i * padded);
  }
};

template <class T>
T DotOf(const AlignedArray<T>& a, const AlignedArray<T>& b) {
  const TileTag<T> d;
  auto sum = hn::Zero(d);
  for (size_t i = 0; i < a.size(); i += hn::Lanes(d))
    sum = hn::MulAdd(hn::Load(d, a.data() + i), hn::Load(d, b.data() + i), sum);
  return SumOf<T>(d, sum);
}

// u = R k and w = R b, of the columns of one register; R is symmetric.
template <class T>
HWY_INLINE void ReadColumns(RankOne<T>& s, size_t column) {
  const TileTag<T> d;
  TileVec<T> u[2] = {hn::Zero(d), hn::Zero(d)}, w[2] = {hn::Zero(d), hn::Zero(d)};
  for (size_t i = 0; i < s.key; ++i) {
    const auto row = hn::Load(d, s.r.data() + i * s.padded + column);
    u[i % 2] = hn::MulAdd(hn::Set(d, s.k.data()[i]), row, u[i % 2]);
    for (size_t side = 0; side < 2; ++side)
      w[side] = hn::MulAdd(hn::Set(d, s.b[side].data()[i]), row, w[side]);
  }
  hn::Store(hn::Add(u[0], u[1]), d, s.u.data() + column);
  for (size_t side = 0; side < 2; ++side) hn::Store(w[side], d, s.w[side].data() + column);
}

// R <- R - beta u u^T / (1 + beta k.u), u = R k, and then x = R b.
template <class T>
void SolveRecursive(const SolvePass<T>& pass) {
  GRAMIAN_ASSERT(pass.key <= kMaxMesaKey && pass.decay == nullptr && pass.r != nullptr);
  const TileTag<T> d;
  const size_t lanes = hn::Lanes(d);
  const T least_ridge = *std::min_element(pass.ridge, pass.ridge + pass.key);
  RankOne<T> s(pass);
  for (size_t t = 0; t < pass.tokens; ++t) {
    std::copy_n(pass.k.row(t), s.key, s.k.data());
    for (size_t side = 0; side < pass.sides; ++side)
      std::copy_n(pass.b[side].row(t), s.key, s.b[side].data());
    for (size_t c = 0; c < s.padded; c += lanes) ReadColumns(s, c);
    const T strength = EntryOr1(pass.strength, t);
    const T least = least_ridge * DotOf(s.u, s.u);  // k.u is u^T (H + diag(lambda)) u
    const T factor = strength / (1 + strength * std::max(least, DotOf(s.k, s.u)));
    for (size_t i = 0; i < s.key; ++i) {
      const auto weight = hn::Set(d, factor * s.u.data()[i]);
      for (size_t c = 0; c < s.padded; c += lanes) {
        T* const place = s.r.data() + i * s.padded + c;
        hn::Store(hn::NegMulAdd(weight, hn::Load(d, s.u.data() + c), hn::Load(d, place)), d, place);
      }
    }
    for (size_t side = 0; side < pass.sides; ++side) {
      const T along = factor * DotOf(s.u, s.b[side]);
      T* const x = pass.x[side].row(t);
      for (size_t i = 0; i < s.key; ++i) x[i] = s.w[side].data()[i] - along * s.u.data()[i];
    }
  }
  SolveTile<T> tile(pass);
  for (size_t t = 0; t < pass.tokens; t += lanes) {
    tile.Enter(t);
    tile.Leave();
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
