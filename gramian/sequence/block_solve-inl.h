// The direct solver of solve.h without decays, in blocks: one factor for all tokens of a tile. With
// H the state before the tile, B = H + diag(lambda) = L D L^T and the columns of K the scaled keys
// sqrt(beta_s) k_s of the tile, token t has the matrix B + K_t K_t^T, K_t the keys up to t, and
//
//     x_t = L^-T D^-1 (z_t - Y_t c_t),    Y = L^-1 K,  z = L^-1 q,
//     M_t c_t = Y_t^T D^-1 z_t,           M = 1 + Y^T D^-1 Y
//
// (Woodbury). M_t is the leading block of M, so that the factor of M is that of all M_t, too: all
// tokens go through the solves together, and of c_t what is behind token t is 0.
//
// What exact arithmetic excludes is limited, as in mesa.h: a pivot of B counts as at least min
// lambda and key * epsilon of its diagonal, and one of M as at least 1. Cost in multiply-adds a
// token, n = key, C the lanes of a register: n^3 / (6 C) + 3 n^2 / 2 + 3 C n, and n^2 for H.
// Per-target header.
#if defined(GRAMIAN_SEQUENCE_BLOCK_SOLVE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_SEQUENCE_BLOCK_SOLVE_INL_H
#undef GRAMIAN_SEQUENCE_BLOCK_SOLVE_INL_H
#else
#define GRAMIAN_SEQUENCE_BLOCK_SOLVE_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "gramian/base/aligned.h"
#include "gramian/sequence/solve.h"
#include "gramian/sequence/solve_tile-inl.h"
#include "gramian/sequence/tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// B of a tile as D L^T: rows of the upper triangle, [key, padded], and 1 / D.
template <class T>
class BlockFactor {
 public:
  explicit BlockFactor(size_t key)
      : key_(key), padded_((key + 15) / 16 * 16), u_(key * padded_), inverses_(key) {}

  const T* Row(size_t i) const { return u_.data() + i * padded_; }
  T Inverse(size_t i) const { return inverses_.data()[i]; }
  size_t Stride() const { return padded_; }

  void Factor(const SolveTile<T>& tile) {
    for (size_t i = 0; i < key_; ++i) {
      std::copy_n(tile.HRow(i) + i, key_ - i, Mutable(i) + i);
      Mutable(i)[i] += tile.Ridge(i);
    }
    size_t j = 0;
    for (; j + 4 <= key_; j += 4) Eliminate<4>(tile, j);
    for (; j < key_; ++j) Eliminate<1>(tile, j);
  }

 private:
  T* Mutable(size_t i) { return u_.data() + i * padded_; }

  // row -= sum of the rows [j, j + Q) times their entry over row i, from column i on.
  template <size_t Q>
  HWY_INLINE void Reduce(size_t i, size_t j) {
    const TileTag<T> d;
    const size_t lanes = hn::Lanes(d);
    TileVec<T> factor[Q];
    for (size_t q = 0; q < Q; ++q) factor[q] = hn::Set(d, Row(j + q)[i] * Inverse(j + q));
    for (size_t c = i / lanes * lanes; c < padded_; c += lanes) {
      auto sum = hn::Load(d, Row(i) + c);
      for (size_t q = 0; q < Q; ++q)
        sum = hn::NegMulAdd(factor[q], hn::Load(d, Row(j + q) + c), sum);
      hn::Store(sum, d, Mutable(i) + c);
    }
  }

  // The pivots of the rows [j, j + Q), and what they take from the rows behind them.
  template <size_t Q>
  HWY_INLINE void Eliminate(const SolveTile<T>& tile, size_t j) {
    const T epsilon = static_cast<T>(key_) * std::numeric_limits<T>::epsilon();
    for (size_t q = 0; q < Q; ++q) {
      const size_t i = j + q;
      for (size_t p = 0; p < q; ++p) Reduce<1>(i, j + p);
      const T diagonal = tile.H(i, i) + tile.Ridge(i);
      inverses_.data()[i] = 1 / std::max({Row(i)[i], tile.LeastRidge(), epsilon * diagonal});
    }
    for (size_t i = j + Q; i < key_; ++i) Reduce<Q>(i, j);
  }

  size_t key_, padded_;
  AlignedArray<T> u_, inverses_;
};

// With L y = b for each lane: y in the place of b, and `scaled` = D^-1 y. `room`: 8 registers.
template <class T>
void SolveForward(const BlockFactor<T>& factor, size_t key, T* HWY_RESTRICT b,
                  T* HWY_RESTRICT scaled, T* HWY_RESTRICT room) {
  const TileTag<T> d;
  const size_t lanes = hn::Lanes(d);
  for (size_t first = 0; first < key; first += 8) {
    const size_t rows = std::min<size_t>(8, key - first);
    LaneProduct<false>(rows, first, scaled, factor.Row(0) + first, 1,
                       static_cast<ptrdiff_t>(factor.Stride()), room);
    for (size_t r = 0; r < rows; ++r) {
      const size_t i = first + r;
      auto y = hn::Sub(hn::Load(d, b + i * lanes), hn::Load(d, room + r * lanes));
      for (size_t p = first; p < i; ++p) {
        y = hn::NegMulAdd(hn::Set(d, factor.Row(p)[i]), hn::Load(d, scaled + p * lanes), y);
      }
      hn::Store(y, d, b + i * lanes);
      hn::Store(hn::Mul(hn::Set(d, factor.Inverse(i)), y), d, scaled + i * lanes);
    }
  }
}

// x = L^-T x for each lane.
template <class T>
void SolveBackward(const BlockFactor<T>& factor, size_t key, T* HWY_RESTRICT x,
                   T* HWY_RESTRICT room) {
  const TileTag<T> d;
  const size_t lanes = hn::Lanes(d);
  for (size_t first = (key - 1) / 8 * 8 + 8; first > 0;) {
    first -= 8;
    const size_t last = std::min(key, first + 8);
    if (last < key) {
      LaneProduct<false>(last - first, key - last, x + last * lanes, factor.Row(first) + last,
                         static_cast<ptrdiff_t>(factor.Stride()), 1, room);
    } else {
      std::fill_n(room, 8 * lanes, T(0));
    }
    for (size_t i = last; i-- > first;) {
      auto sum = hn::Load(d, room + (i - first) * lanes);
      for (size_t p = i + 1; p < last; ++p)
        sum = hn::MulAdd(hn::Set(d, factor.Row(i)[p]), hn::Load(d, x + p * lanes), sum);
      T* const place = x + i * lanes;
      hn::Store(hn::NegMulAdd(hn::Set(d, factor.Inverse(i)), sum, hn::Load(d, place)), d, place);
    }
  }
}

// From M without its 1, [C, C]: behind the diagonal rows of the factor over their pivots, and 1
// over the pivots on it.
template <class T>
void FactorLeading(T* HWY_RESTRICT m) {
  const TileTag<T> d;
  const size_t lanes = hn::Lanes(d);
  for (size_t r = 0; r < lanes; ++r) m[r * lanes + r] += 1;
  for (size_t r = 0; r < lanes; ++r) {
    T* const place = m + r * lanes;
    const T inverse = 1 / std::max(place[r], T(1));
    const auto row = hn::Load(d, place), scaled = hn::Mul(hn::Set(d, inverse), row);
    for (size_t s = r + 1; s < lanes; ++s) {
      T* const other = m + s * lanes;
      hn::Store(hn::NegMulAdd(hn::Set(d, place[s]), scaled, hn::Load(d, other)), d, other);
    }
    hn::Store(scaled, d, place);
    place[r] = inverse;
  }
}

// -c of each lane from p = Y^T D^-1 z, [C, C], in its place.
template <class T>
void SolveLeading(const T* HWY_RESTRICT m, T* HWY_RESTRICT p) {
  const TileTag<T> d;
  const size_t lanes = hn::Lanes(d);
  for (size_t r = 0; r < lanes; ++r) {
    const auto known = hn::Load(d, p + r * lanes);
    for (size_t s = r + 1; s < lanes; ++s) {
      T* const place = p + s * lanes;
      hn::Store(hn::NegMulAdd(hn::Set(d, m[r * lanes + s]), known, hn::Load(d, place)), d, place);
    }
  }
  for (size_t r = lanes; r-- > 0;) {
    const auto before = hn::FirstN(d, r);  // tokens that do not read token r
    auto c = hn::Mul(hn::Set(d, -m[r * lanes + r]), hn::Load(d, p + r * lanes));
    for (size_t s = r + 1; s < lanes; ++s)
      c = hn::NegMulAdd(hn::Set(d, m[r * lanes + s]), hn::Load(d, p + s * lanes), c);
    hn::Store(hn::IfThenElse(before, hn::Zero(d), c), d, p + r * lanes);
  }
}

template <class T>
void SolveBlocks(const SolvePass<T>& pass) {
  SolveTile<T> tile(pass);
  const size_t lanes = tile.Lanes(), key = pass.key;
  BlockFactor<T> factor(key);
  AlignedArray<T> y(key * lanes), scaled_y(key * lanes), z(key * lanes), x(key * lanes),
      room(8 * lanes), m(lanes * lanes), p(lanes * lanes);
  const auto row = static_cast<ptrdiff_t>(lanes);
  for (size_t t = 0; t < pass.tokens; t += lanes) {
    tile.Enter(t);
    tile.LoadScaledKeys(y.data());
    factor.Factor(tile);
    SolveForward(factor, key, y.data(), scaled_y.data(), room.data());
    LaneProduct<false>(lanes, key, scaled_y.data(), y.data(), 1, row, m.data());
    FactorLeading(m.data());
    for (size_t side = 0; side < pass.sides; ++side) {
      tile.LoadRight(side, z.data());
      SolveForward(factor, key, z.data(), x.data(), room.data());
      LaneProduct<false>(lanes, key, x.data(), y.data(), 1, row, p.data());
      SolveLeading(m.data(), p.data());
      LaneProduct<true>(key, lanes, p.data(), scaled_y.data(), row, 1, x.data());
      SolveBackward(factor, key, x.data(), room.data());
      tile.StoreSolution(side, x.data());
    }
    tile.Leave();
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
