// Tiles: as many rows of a matrix as a register has lanes, transposed, so that what is done to each
// row is done to all at once; and products of tiles with rows of other matrices. Per-target header.
#if defined(GRAMIAN_SEQUENCE_TILES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_SEQUENCE_TILES_INL_H
#undef GRAMIAN_SEQUENCE_TILES_INL_H
#else
#define GRAMIAN_SEQUENCE_TILES_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>

#include "gramian/sequence/mixer.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Numbers of a register side by side: element (e, lane) at data[e * lanes + lane].
template <class T>
using TileTag = hn::CappedTag<T, 16>;
template <class T>
using TileVec = hn::Vec<TileTag<T>>;

// Rows first + lane of a matrix, times `factor`, transposed; lanes beyond `count` repeat the last.
template <class T>
void LoadTile(const Rows<const T>& rows, size_t first, size_t count, size_t columns, T factor,
              T* HWY_RESTRICT to) {
  const size_t lanes = hn::Lanes(TileTag<T>());
  for (size_t lane = 0; lane < lanes; ++lane) {
    const T* row = rows.row(first + std::min(lane, count - 1));
    for (size_t e = 0; e < columns; ++e) to[e * lanes + lane] = factor * row[e];
  }
}

template <class T>
void StoreTile(const T* HWY_RESTRICT from, size_t first, size_t count, size_t columns,
               const Rows<T>& rows) {
  const size_t lanes = hn::Lanes(TileTag<T>());
  for (size_t lane = 0; lane < count; ++lane) {
    for (size_t e = 0; e < columns; ++e) rows.row(first + lane)[e] = from[e * lanes + lane];
  }
}

// out_m (+)= sum_n b(m, n) a_n for m in [m, m + M): b(m, n) at b + m * b_m + n * b_n.
template <size_t M, bool kAdd, class T>
HWY_INLINE void LaneProductRows(size_t terms, const T* HWY_RESTRICT a, const T* HWY_RESTRICT b,
                                ptrdiff_t b_m, ptrdiff_t b_n, T* HWY_RESTRICT out) {
  const TileTag<T> d;
  const size_t lanes = hn::Lanes(d);
  TileVec<T> sum[M];
  for (size_t m = 0; m < M; ++m) sum[m] = kAdd ? hn::Load(d, out + m * lanes) : hn::Zero(d);
  for (size_t n = 0; n < terms; ++n) {
    const auto x = hn::Load(d, a + n * lanes);
    const T* column = b + static_cast<ptrdiff_t>(n) * b_n;
    for (size_t m = 0; m < M; ++m)
      sum[m] = hn::MulAdd(hn::Set(d, column[static_cast<ptrdiff_t>(m) * b_m]), x, sum[m]);
  }
  for (size_t m = 0; m < M; ++m) hn::Store(sum[m], d, out + m * lanes);
}

template <bool kAdd, class T>
void LaneProduct(size_t rows, size_t terms, const T* a, const T* b, ptrdiff_t b_m, ptrdiff_t b_n,
                 T* out) {
  const size_t lanes = hn::Lanes(TileTag<T>());
  size_t m = 0;
  for (; m + 8 <= rows; m += 8)
    LaneProductRows<8, kAdd>(terms, a, b + static_cast<ptrdiff_t>(m) * b_m, b_m, b_n,
                             out + m * lanes);
  for (; m < rows; ++m)
    LaneProductRows<1, kAdd>(terms, a, b + static_cast<ptrdiff_t>(m) * b_m, b_m, b_n,
                             out + m * lanes);
}

// scores_j = row j of `rows`, from `first` on, times the tile.
template <class T>
void Scores(const T* tile, size_t columns, const Rows<const T>& rows, size_t first, size_t count,
            T* scores) {
  LaneProduct<false>(count, columns, tile, rows.row(first), rows.stride, 1, scores);
}

// sums += sum_j weights_j row_j
template <class T>
void AddRows(const T* weights, const Rows<const T>& rows, size_t first, size_t count,
             size_t columns, T* sums) {
  LaneProduct<true>(columns, count, weights, rows.row(first), 1, rows.stride, sums);
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
