// The tokens that a solver of solve.h takes together. Per-target header.
#if defined(GRAMIAN_SEQUENCE_SOLVE_TILE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_SEQUENCE_SOLVE_TILE_INL_H
#undef GRAMIAN_SEQUENCE_SOLVE_TILE_INL_H
#else
#define GRAMIAN_SEQUENCE_SOLVE_TILE_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

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
  explicit SolveTile(const SolvePass<T>& pass) : pass_(pass) {
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
  // Of lane t, and Z_ts.
  T Decay(size_t t) const { return t < count_ ? EntryOr1(pass_.decay, first_ + t) : T(1); }
  T ZAt(size_t t, size_t s) const { return z_[s * Lanes() + t]; }
  TileVec<T> Z(size_t j) const { return hn::Load(TileTag<T>(), z_ + j * Lanes()); }

  // The tokens from `first` on. Lanes beyond the last token repeat it.
  void Enter(size_t first) {
    const size_t lanes = Lanes();
    first_ = first;
    count_ = std::min(lanes, pass_.tokens - first);
    for (size_t lane = 0; lane < lanes; ++lane) {
      const T decay = Decay(lane);
      delta_[lane] = decay * (lane == 0 ? T(1) : delta_[lane - 1]);
      for (size_t j = 0; j < lanes; ++j)
        z_[j * lanes + lane] = j < lane ? decay * z_[j * lanes + lane - 1] : T(0);
      if (lane < count_) z_[lane * lanes + lane] = EntryOr1(pass_.strength, first + lane);
    }
  }

  // b of each lane, [key, lanes]; side: 0 or 1.
  void LoadRight(size_t side, T* b) const {
    LoadTile(pass_.b[side], first_, count_, pass_.key, T(1), b);
  }
  // k of each lane, alike.
  void LoadKeys(T* k) const { LoadTile(pass_.k, first_, count_, pass_.key, T(1), k); }
  // The same times sqrt(beta).
  void LoadScaledKeys(T* k) const {
    const TileTag<T> d;
    LoadKeys(k);
    if (pass_.strength == nullptr) return;
    HWY_ALIGN T roots[16] = {};
    for (size_t lane = 0; lane < count_; ++lane)
      roots[lane] = std::sqrt(pass_.strength[first_ + lane]);
    const auto factor = hn::Load(d, roots);
    for (size_t i = 0; i < pass_.key; ++i) {
      T* const place = k + i * Lanes();
      hn::Store(hn::Mul(factor, hn::Load(d, place)), d, place);
    }
  }
  void StoreSolution(size_t side, const T* x) const {
    StoreTile(x, first_, count_, pass_.key, pass_.x[side]);
  }

  // H as it is behind the tile.
  void Leave() { Advance(0, count_); }

  // H from before the tokens [from, from + count) of the tile to behind them.
  void Advance(size_t from, size_t count) {
    if (count == 0) return;
    const size_t first = first_ + from;
    const auto at = [&](const T* array) {
      return Rows<const T>{array == nullptr ? nullptr : array + first, 1};
    };
    const Rows<const T> k{pass_.k.row(first), pass_.k.stride};
    RunLinear(LinearPass<T>{.tokens = count,
                            .key = pass_.key,
                            .value = pass_.key,
                            .k = k,
                            .v = k,
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
};

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
