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

#include "gramian/base/aligned.h"
#include "gramian/base/assert.h"
#include "gramian/sequence/kernels-inl.h"
#include "gramian/sequence/mesa.h"
#include "gramian/sequence/solve.h"
#include "gramian/sequence/tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Tokens of a pass side by side in the lanes of a register, with what their H are made of.
template <class T>
class SolveTile {
 public:
  explicit SolveTile(const SolvePass<T>& pass) : pass_(pass), unread_(16 * pass.key) {
    GRAMIAN_ASSERT(pass.key <= kMaxMesaKey);
    least_ridge_ = *std::min_element(pass.ridge, pass.ridge + pass.key);
    GRAMIAN_ASSERT(least_ridge_ > 0);
  }

  static size_t Lanes() { return hn::Lanes(TileTag<T>()); }
  size_t Key() const { return pass_.key; }
  size_t Count() const { return count_; }
  T LeastRidge() const { return least_ridge_; }
  T Ridge(size_t i) const { return pass_.ridge[i]; }
  T H(size_t i, size_t j) const { return pass_.h[i * pass_.key + j]; }
  const T* HRow(size_t i) const { return pass_.h + i * pass_.key; }
  const T* KeyOf(size_t j) const { return pass_.k.row(first_ + j); }
  ptrdiff_t KeyStride() const { return pass_.k.stride; }
  TileVec<T> Delta() const { return hn::Load(TileTag<T>(), delta_); }
  TileVec<T> Z(size_t j) const { return hn::Load(TileTag<T>(), z_ + j * Lanes()); }

  // The tokens from `first` on. Lanes beyond the last token repeat it.
  void Enter(size_t first) {
    const size_t lanes = Lanes();
    first_ = first;
    count_ = std::min(lanes, pass_.tokens - first);
    for (size_t lane = 0; lane < lanes; ++lane) {
      const bool is_token = lane < count_;
      const T decay = is_token ? EntryOr1(pass_.decay, first + lane) : T(1);
      delta_[lane] = decay * (lane == 0 ? T(1) : delta_[lane - 1]);
      for (size_t j = 0; j < lanes; ++j)
        z_[j * lanes + lane] = j < lane ? decay * z_[j * lanes + lane - 1] : T(0);
      if (is_token) z_[lane * lanes + lane] = EntryOr1(pass_.strength, first + lane);
    }
  }

  // b of each lane, [key, lanes].
  void LoadRight(T* b) const { LoadTile(pass_.b, first_, count_, pass_.key, T(1), b); }
  void StoreSolution(const T* x) const { StoreTile(x, first_, count_, pass_.key, pass_.x); }

  // H as it is behind the tile.
  void Leave() {
    const auto at = [&](const T* array) {
      return Rows<const T>{array == nullptr ? nullptr : array + first_, 1};
    };
    const Rows<const T> k{pass_.k.row(first_), pass_.k.stride};
    RunLinear(LinearPass<T>{.tokens = count_,
                            .key = pass_.key,
                            .value = pass_.key,
                            .q = k,
                            .k = k,
                            .v = k,
                            .o = {unread_.data(), static_cast<ptrdiff_t>(pass_.key)},
                            .state = pass_.h,
                            .decay = at(pass_.decay),
                            .in = at(pass_.strength)});
  }

 private:
  const SolvePass<T>& pass_;
  T least_ridge_ = 0;
  size_t first_ = 0, count_ = 0;
  HWY_ALIGN T z_[16 * 16];
  HWY_ALIGN T delta_[16];
  AlignedArray<T> unread_;
};

// ---- LDL^T

// Where row i of a lower triangle begins, in registers.
constexpr size_t TriangleRow(size_t i) { return i * (i + 1) / 2; }

// H_t + diag(lambda) of each lane, the lower triangle by rows.
template <class T>
void FillTriangle(const SolveTile<T>& tile, T* HWY_RESTRICT m) {
  const TileTag<T> d;
  const size_t lanes = tile.Lanes();
  HWY_ALIGN T weights[16 * 16];
  for (size_t i = 0; i < tile.Key(); ++i) {
    T* const row = m + TriangleRow(i) * lanes;
    for (size_t j = 0; j <= i; ++j)
      hn::Store(hn::Mul(tile.Delta(), hn::Set(d, tile.H(i, j))), d, row + j * lanes);
    for (size_t s = 0; s < tile.Count(); ++s)
      hn::Store(hn::Mul(tile.Z(s), hn::Set(d, tile.KeyOf(s)[i])), d, weights + s * lanes);
    LaneProduct<true>(i + 1, tile.Count(), weights, tile.KeyOf(0), 1, tile.KeyStride(), row);
    T* const diagonal = row + i * lanes;
    hn::Store(hn::Add(hn::Load(d, diagonal), hn::Set(d, tile.Ridge(i))), d, diagonal);
  }
}

// Of rows [i, i + R) of L, the entries of column j: (M_ij - sum_c L_ic w_c) / d_j.
template <size_t R, class T>
HWY_INLINE void FactorRows(size_t i, size_t j, const T* HWY_RESTRICT w, TileVec<T> inverse, T* m) {
  const TileTag<T> d;
  const size_t lanes = hn::Lanes(d);
  T* row[R];
  TileVec<T> sum[R];
  for (size_t r = 0; r < R; ++r) {
    row[r] = m + TriangleRow(i + r) * lanes;
    sum[r] = hn::Load(d, row[r] + j * lanes);
  }
  for (size_t c = 0; c < j; ++c) {
    const auto x = hn::Load(d, w + c * lanes);
    for (size_t r = 0; r < R; ++r)
      sum[r] = hn::NegMulAdd(hn::Load(d, row[r] + c * lanes), x, sum[r]);
  }
  for (size_t r = 0; r < R; ++r) hn::Store(hn::Mul(sum[r], inverse), d, row[r] + j * lanes);
}

// L below the diagonal of m, D on it and 1 / D in `inverses`. w: [key, lanes] of room.
template <class T>
void FactorTriangle(const SolveTile<T>& tile, T* m, T* HWY_RESTRICT w, T* HWY_RESTRICT inverses) {
  const TileTag<T> d;
  const size_t lanes = tile.Lanes(), key = tile.Key();
  const auto epsilon = hn::Set(d, static_cast<T>(key) * std::numeric_limits<T>::epsilon());
  for (size_t j = 0; j < key; ++j) {
    T* const row = m + TriangleRow(j) * lanes;
    const auto diagonal = hn::Load(d, row + j * lanes);
    auto pivot = diagonal;
    for (size_t c = 0; c < j; ++c) {
      const auto entry = hn::Load(d, row + c * lanes);
      const auto times = hn::Mul(entry, hn::Load(d, m + (TriangleRow(c) + c) * lanes));
      hn::Store(times, d, w + c * lanes);
      pivot = hn::NegMulAdd(entry, times, pivot);
    }
    const auto least = hn::Max(hn::Set(d, tile.LeastRidge()), hn::Mul(epsilon, diagonal));
    pivot = hn::Max(pivot, least);
    const auto inverse = hn::Div(hn::Set(d, T(1)), pivot);
    hn::Store(pivot, d, row + j * lanes);
    hn::Store(inverse, d, inverses + j * lanes);
    size_t i = j + 1;
    for (; i + 4 <= key; i += 4) FactorRows<4>(i, j, w, inverse, m);
    for (; i < key; ++i) FactorRows<1>(i, j, w, inverse, m);
  }
}

// x from b, in its place: L y = b, then L^T x = D^-1 y.
template <class T>
void SolveTriangle(size_t key, const T* HWY_RESTRICT m, const T* HWY_RESTRICT inverses,
                   T* HWY_RESTRICT x) {
  const TileTag<T> d;
  const size_t lanes = hn::Lanes(d);
  for (size_t i = 0; i < key; ++i) {
    const T* row = m + TriangleRow(i) * lanes;
    TileVec<T> sum[2] = {hn::Load(d, x + i * lanes), hn::Zero(d)};
    for (size_t c = 0; c < i; ++c) {
      sum[c % 2] =
          hn::NegMulAdd(hn::Load(d, row + c * lanes), hn::Load(d, x + c * lanes), sum[c % 2]);
    }
    hn::Store(hn::Add(sum[0], sum[1]), d, x + i * lanes);
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
  SolveTile<T> tile(pass);
  const size_t lanes = tile.Lanes(), vector = pass.key * lanes;
  AlignedArray<T> m(TriangleRow(pass.key) * lanes), w(vector), inverses(vector), x(vector);
  for (size_t t = 0; t < pass.tokens; t += lanes) {
    tile.Enter(t);
    tile.LoadRight(x.data());
    FillTriangle(tile, m.data());
    FactorTriangle(tile, m.data(), w.data(), inverses.data());
    SolveTriangle(pass.key, m.data(), inverses.data(), x.data());
    tile.StoreSolution(x.data());
    tile.Leave();
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
    tile.LoadRight(vectors.b.data());
    DescendLanes(tile, pass.steps, pass.tolerance, vectors);
    tile.StoreSolution(vectors.x.data());
    tile.Leave();
  }
}

// ---- Rank-one updates of R = (H + diag(lambda))^-1

// A vector and R padded with zeros to whole registers.
template <class T>
struct RankOne {
  size_t key, padded;
  AlignedArray<T> r, k, b, u, w;

  explicit RankOne(const SolvePass<T>& pass)
      : key(pass.key),
        padded((pass.key + 15) / 16 * 16),
        r(pass.key * padded),
        k(padded),
        b(padded),
        u(padded),
        w(padded) {
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
    w[i % 2] = hn::MulAdd(hn::Set(d, s.b.data()[i]), row, w[i % 2]);
  }
  hn::Store(hn::Add(u[0], u[1]), d, s.u.data() + column);
  hn::Store(hn::Add(w[0], w[1]), d, s.w.data() + column);
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
    std::copy_n(pass.b.row(t), s.key, s.b.data());
    for (size_t c = 0; c < s.padded; c += lanes) ReadColumns(s, c);
    const T strength = EntryOr1(pass.strength, t);
    const T least = least_ridge * DotOf(s.u, s.u);  // k.u is u^T (H + diag(lambda)) u
    const T factor = strength / (1 + strength * std::max(least, DotOf(s.k, s.u)));
    const T along = factor * DotOf(s.u, s.b);
    for (size_t i = 0; i < s.key; ++i) {
      const auto weight = hn::Set(d, factor * s.u.data()[i]);
      for (size_t c = 0; c < s.padded; c += lanes) {
        T* const place = s.r.data() + i * s.padded + c;
        hn::Store(hn::NegMulAdd(weight, hn::Load(d, s.u.data() + c), hn::Load(d, place)), d, place);
      }
    }
    T* const x = pass.x.row(t);
    for (size_t i = 0; i < s.key; ++i) x[i] = s.w.data()[i] - along * s.u.data()[i];
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
