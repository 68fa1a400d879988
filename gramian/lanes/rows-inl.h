// Large matrices of one prompt, by rows (layout.h). Per-target header.
//
// Rows are padded with zeros to whole registers, and every function keeps the padding zero as
// long as numbers are finite. A sum over k has the order of matrix-inl.h, so a product has the same
// bits.
#if defined(GRAMIAN_LANES_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_LANES_ROWS_INL_H
#undef GRAMIAN_LANES_ROWS_INL_H
#else
#define GRAMIAN_LANES_ROWS_INL_H
#endif

#include "gramian/lanes/layout.h"
#include "gramian/lanes/matrix-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
inline constexpr size_t kRegister = hn::MaxLanes(Tag<T>());

// A matrix of one prompt or of all: as a left factor it gives one value a register.
template <class T, Order kOrder = Order::rows, class D = Tag<T>>
using RowMatrix = SharedMatrix<T, kOrder, D>;

// The right factor of a product: registers along its rows.
template <class T, class D = Tag<T>>
struct RowRegisters {
  using Register = D;
  const T* data;
  size_t ld;

  HWY_INLINE hn::Vec<D> at(size_t k, size_t j) const {
    return hn::Load(D(), data + k * ld + j * hn::Lanes(D()));
  }
};

// to = from^T for four rows and columns.
template <class T>
HWY_INLINE void TransposeFour(const T* HWY_RESTRICT from, size_t ld, T* HWY_RESTRICT to,
                              size_t to_ld) {
#if HWY_TARGET != HWY_SCALAR
  if constexpr (sizeof(T) == 4) {
    const hn::CappedTag<T, 4> d;
    const auto r0 = hn::Load(d, from), r1 = hn::Load(d, from + ld);
    const auto r2 = hn::Load(d, from + 2 * ld), r3 = hn::Load(d, from + 3 * ld);
    const auto low02 = hn::InterleaveLower(d, r0, r2), low13 = hn::InterleaveLower(d, r1, r3);
    const auto high02 = hn::InterleaveUpper(d, r0, r2), high13 = hn::InterleaveUpper(d, r1, r3);
    hn::Store(hn::InterleaveLower(d, low02, low13), d, to);
    hn::Store(hn::InterleaveUpper(d, low02, low13), d, to + to_ld);
    hn::Store(hn::InterleaveLower(d, high02, high13), d, to + 2 * to_ld);
    hn::Store(hn::InterleaveUpper(d, high02, high13), d, to + 3 * to_ld);
    return;
  }
#endif
  for (size_t i = 0; i < 4; ++i) {
    for (size_t j = 0; j < 4; ++j) to[j * to_ld + i] = from[i * ld + j];
  }
}

// to = from^T, [size, size] with rows `ld` apart. With kPart == lower only the entries below the
// diagonal are moved, and `from` and `to` may be the same matrix.
template <Part kPart, class T>
HWY_NOINLINE void Transpose(size_t size, const T* from, T* to, size_t ld) {
  const size_t whole = size / 4 * 4;
  // Sixteen rows at a time: their columns are written in whole cache lines.
  for (size_t i0 = 0; i0 < whole; i0 += 16) {
    const size_t i1 = std::min(i0 + 16, whole);
    for (size_t j = 0; j < (kPart == Part::lower ? i1 : whole); j += 4) {
      for (size_t i = kPart == Part::lower ? std::max(i0, j + 4) : i0; i < i1; i += 4)
        TransposeFour(from + i * ld + j, ld, to + j * ld + i, ld);
    }
  }
  for (size_t i = 0; i < size; ++i) {  // the rest, and what is near the diagonal
    if (kPart == Part::lower) {
      for (size_t j = i < whole ? i / 4 * 4 : 0; j < i; ++j) to[j * ld + i] = from[i * ld + j];
    } else {
      for (size_t j = i < whole ? whole : 0; j < size; ++j) to[j * ld + i] = from[i * ld + j];
    }
  }
}

// MR rows of C by `count` <= kTile registers of columns, from row i and register j on.
template <int MR, Order kOrder, class T>
HWY_INLINE void MultiplyRegisters(size_t count, size_t depth, RowMatrix<T, kOrder> a,
                                  RowRegisters<T> b, bool add, size_t i, size_t j,
                                  T* HWY_RESTRICT c, size_t ld) {
  constexpr size_t kStep = kRegister<T>;
  switch (count) {
    case 1:
      return MultiplyTile<kStep, MR, 1, Part::all, Into::either>(depth, a, b, i, j, c, ld / kStep,
                                                                 add);
    case 2:
      return MultiplyTile<kStep, MR, 2, Part::all, Into::either>(depth, a, b, i, j, c, ld / kStep,
                                                                 add);
    case 3:
      return MultiplyTile<kStep, MR, 3, Part::all, Into::either>(depth, a, b, i, j, c, ld / kStep,
                                                                 add);
    default:
      return MultiplyTile<kStep, MR, kTile, Part::all, Into::either>(depth, a, b, i, j, c,
                                                                     ld / kStep, add);
  }
}

// The first `wide` registers of columns of C. A sliver of B (16 KB with AVX-512) stays in the
// first-level cache while all rows of A are read. For a lower triangle, each tile is computed as
// far as the register with the diagonal entry of its last row; entries above the diagonal are
// undefined.
template <Part kPart, Order kOrder, class T>
HWY_INLINE void MultiplyWide(size_t rows, size_t inner, size_t wide, RowMatrix<T, kOrder> a,
                             RowRegisters<T> b, bool add, T* HWY_RESTRICT c, size_t ld) {
  constexpr size_t kStep = kRegister<T>;
  const size_t panels = hwy::DivCeil(inner, kPanelDepth), most = hwy::DivCeil(inner, panels);
  for (size_t k = 0; k < inner; k += most) {
    const size_t depth = std::min(most, inner - k);
    const RowMatrix<T, kOrder> left = a.from(0, k);
    const RowRegisters<T> right{b.data + k * b.ld, b.ld};
    const bool more = add || k > 0;
    for (size_t j = 0; j < wide; j += kTile) {
      const size_t all = std::min<size_t>(kTile, wide - j);
      const auto count = [&](size_t end) HWY_ATTR {
        return kPart == Part::lower ? std::min(all, hwy::DivCeil(end, kStep) - j) : all;
      };
      size_t i = kPart == Part::lower ? j * kStep / kTile * kTile : 0;
      for (; i + kTile <= rows; i += kTile)
        MultiplyRegisters<kTile>(count(i + kTile), depth, left, right, more, i, j, c, ld);
      if (rows - i == 1) MultiplyRegisters<1>(count(rows), depth, left, right, more, i, j, c, ld);
      if (rows - i == 2) MultiplyRegisters<2>(count(rows), depth, left, right, more, i, j, c, ld);
      if (rows - i == 3) MultiplyRegisters<3>(count(rows), depth, left, right, more, i, j, c, ld);
    }
  }
}

// C [rows, columns] (= or +=) A B. Columns that fill half of the last register of AVX-512, as the
// one of y does where d is a multiple of sixteen, are done in registers of half the width, eight
// rows at a time.
template <Part kPart, Into kInto, Order kOrder, class T>
HWY_NOINLINE void MultiplyRows(size_t rows, size_t inner, size_t columns, RowMatrix<T, kOrder> a,
                               RowRegisters<T> b, T* HWY_RESTRICT c, size_t ld) {
  constexpr size_t kHalf = kRegister<T> / 2;
  const size_t tail = columns % kRegister<T>;
  const bool narrow = kHalf * sizeof(T) >= 32 && tail != 0 && tail <= kHalf;
  const size_t wide = columns / kRegister<T> + (tail != 0 && !narrow ? 1 : 0);
  MultiplyWide<kPart>(rows, inner, wide, a, b, kInto == Into::add, c, ld);
  if constexpr (kHalf * sizeof(T) >= 32) {
    if (!narrow) return;
    using Half = hn::CappedTag<T, kHalf>;
    const size_t j = wide * 2;
    const RowMatrix<T, kOrder, Half> left{a.data, a.ld};
    const RowRegisters<T, Half> right{b.data, b.ld};
    size_t i = kPart == Part::lower ? wide * kRegister<T> : 0;
    for (; i + 8 <= rows; i += 8)
      MultiplyTile<kHalf, 8, 1, Part::all, kInto>(inner, left, right, i, j, c, ld / kHalf);
    for (; i < rows; ++i)
      MultiplyTile<kHalf, 1, 1, Part::all, kInto>(inner, left, right, i, j, c, ld / kHalf);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
