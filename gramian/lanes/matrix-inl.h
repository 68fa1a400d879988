// Small matrices over lanes: products, and the vector pieces around them.
// Per-target header: include inside foreach_target only.
//
// All functions work on one vector of prompts: element e of a matrix is at
// base + e * kLanes, and the caller has added the offset of its lanes to base.
#if defined(GRAMIAN_LANES_MATRIX_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_LANES_MATRIX_INL_H
#undef GRAMIAN_LANES_MATRIX_INL_H
#else
#define GRAMIAN_LANES_MATRIX_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>

#include "gramian/lanes/block.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::CappedTag<T, kLanes>;
template <class T>
using Vec = hn::Vec<Tag<T>>;

// Element (i, j) is data + (i * row + j * column) * kLanes: one value a prompt.
template <class T>
struct LaneMatrix {
  using Scalar = T;
  const T* data;
  size_t row;
  size_t column;

  HWY_INLINE Vec<T> at(size_t i, size_t j) const { return hn::Load(Tag<T>(), data + (i * row + j * column) * kLanes); }
  LaneMatrix transposed() const { return {data, column, row}; }
};

// Element (i, j) is data[i * row + j * column]: one value for all prompts.
template <class T>
struct SharedMatrix {
  using Scalar = T;
  const T* data;
  size_t row;
  size_t column;

  HWY_INLINE Vec<T> at(size_t i, size_t j) const { return hn::Set(Tag<T>(), data[i * row + j * column]); }
  SharedMatrix transposed() const { return {data, column, row}; }
};

template <class T>
LaneMatrix<T> Lanes2(const T* data, size_t columns) {
  return {data, columns, 1};
}
template <class T>
SharedMatrix<T> Shared2(const T* data, size_t columns) {
  return {data, columns, 1};
}

enum class Into { set, add };

// One register tile C[i.., j..] (= or +=) sum_k A[i, k] B[k, j]. MR x NR sums live in
// registers; each k costs MR + NR loads for MR * NR multiply-adds.
template <int MR, int NR, Into kInto, class A, class B, class T>
HWY_INLINE void MultiplyTile(size_t inner, A a, B b, size_t i, size_t j, T* HWY_RESTRICT c, size_t c_columns) {
  const Tag<T> d;
  Vec<T> sum[MR][NR];
  HWY_UNROLL(4)
  for (int r = 0; r < MR; ++r) {
    HWY_UNROLL(4)
    for (int s = 0; s < NR; ++s) {
      sum[r][s] = kInto == Into::add ? hn::Load(d, c + ((i + r) * c_columns + j + s) * kLanes) : hn::Zero(d);
    }
  }
  for (size_t k = 0; k < inner; ++k) {
    Vec<T> right[NR];
    HWY_UNROLL(4)
    for (int s = 0; s < NR; ++s) right[s] = b.at(k, j + s);
    HWY_UNROLL(4)
    for (int r = 0; r < MR; ++r) {
      const Vec<T> left = a.at(i + r, k);
      HWY_UNROLL(4)
      for (int s = 0; s < NR; ++s) sum[r][s] = hn::MulAdd(left, right[s], sum[r][s]);
    }
  }
  HWY_UNROLL(4)
  for (int r = 0; r < MR; ++r) {
    HWY_UNROLL(4)
    for (int s = 0; s < NR; ++s) hn::Store(sum[r][s], d, c + ((i + r) * c_columns + j + s) * kLanes);
  }
}

// Thirty-two vector registers hold a 4 x 4 tile, sixteen a 4 x 3.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
inline constexpr int kTileColumns = 4;
#else
inline constexpr int kTileColumns = 3;
#endif
inline constexpr int kTileRows = 4;

template <int MR, Into kInto, class A, class B, class T>
HWY_INLINE void MultiplyStrip(size_t inner, size_t columns, A a, B b, size_t i, T* HWY_RESTRICT c, size_t c_columns) {
  size_t j = 0;
  for (; j + kTileColumns <= columns; j += kTileColumns) {
    MultiplyTile<MR, kTileColumns, kInto>(inner, a, b, i, j, c, c_columns);
  }
  switch (columns - j) {
    case 1: return MultiplyTile<MR, 1, kInto>(inner, a, b, i, j, c, c_columns);
    case 2: return MultiplyTile<MR, 2, kInto>(inner, a, b, i, j, c, c_columns);
    case 3: return MultiplyTile<MR, 3, kInto>(inner, a, b, i, j, c, c_columns);
    default: return;
  }
}

// C [rows, columns] (= or +=) A [rows, inner] B [inner, columns].
// `reach(i)` = number of columns wanted in the strip of rows that starts at i.
template <Into kInto, class A, class B, class T, class Reach>
HWY_INLINE void MultiplyStrips(size_t rows, size_t inner, A a, B b, T* HWY_RESTRICT c, size_t c_columns, Reach reach) {
  size_t i = 0;
  for (; i + kTileRows <= rows; i += kTileRows) {
    MultiplyStrip<kTileRows, kInto>(inner, reach(i, i + kTileRows), a, b, i, c, c_columns);
  }
  switch (rows - i) {
    case 1: return MultiplyStrip<1, kInto>(inner, reach(i, rows), a, b, i, c, c_columns);
    case 2: return MultiplyStrip<2, kInto>(inner, reach(i, rows), a, b, i, c, c_columns);
    case 3: return MultiplyStrip<3, kInto>(inner, reach(i, rows), a, b, i, c, c_columns);
    default: return;
  }
}

template <Into kInto, class A, class B, class T>
HWY_NOINLINE void Multiply(size_t rows, size_t inner, size_t columns, A a, B b, T* HWY_RESTRICT c) {
  MultiplyStrips<kInto>(rows, inner, a, b, c, columns, [columns](size_t, size_t) HWY_ATTR { return columns; });
}

// Copies the lower triangle of C [size, size] to the upper.
template <class T>
HWY_INLINE void Mirror(size_t size, T* c) {
  const Tag<T> d;
  for (size_t i = 1; i < size; ++i) {
    for (size_t j = 0; j < i; ++j) {
      hn::Store(hn::Load(d, c + (i * size + j) * kLanes), d, c + (j * size + i) * kLanes);
    }
  }
}

// The tiles on and below the diagonal only: for a symmetric result, or the lower
// triangle of a sum that becomes symmetric with its next term. Mirror it when done.
template <Into kInto, class A, class B, class T>
HWY_NOINLINE void MultiplyLower(size_t size, size_t inner, A a, B b, T* HWY_RESTRICT c) {
  MultiplyStrips<kInto>(size, inner, a, b, c, size, [](size_t, size_t end) HWY_ATTR { return end; });
}

template <Into kInto, class A, class B, class T>
HWY_INLINE void MultiplySymmetric(size_t size, size_t inner, A a, B b, T* HWY_RESTRICT c) {
  MultiplyLower<kInto>(size, inner, a, b, c);
  Mirror(size, c);
}

// C [rows, columns] (= or +=) a b^T.
template <Into kInto, class A, class B, class T>
HWY_INLINE void Outer(size_t rows, size_t columns, A a, B b, T* HWY_RESTRICT c) {
  const Tag<T> d;
  for (size_t i = 0; i < rows; ++i) {
    const Vec<T> left = a.at(i, 0);
    for (size_t j = 0; j < columns; ++j) {
      T* out = c + (i * columns + j) * kLanes;
      const Vec<T> right = b.at(j, 0);
      hn::Store(kInto == Into::add ? hn::MulAdd(left, right, hn::Load(d, out)) : hn::Mul(left, right), d, out);
    }
  }
}

// y (= or +=) A x, for x a column. Four rows at a time hide the latency of the sums.
template <Into kInto, class A, class X, class T>
HWY_INLINE void MultiplyVector(size_t rows, size_t inner, A a, X x, T* HWY_RESTRICT y) {
  MultiplyStrips<kInto>(rows, inner, a, x, y, 1, [](size_t, size_t) HWY_ATTR { return size_t{1}; });
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
