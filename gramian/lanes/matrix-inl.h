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

#include <algorithm>
#include <type_traits>

#include "gramian/lanes/tag-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// How element (i, j) of an operand lies in memory, `ld` elements apart by rows or by columns.
// A type, not a number, so that the compiler sees which index moves by one.
enum class Order { rows, columns };

HWY_INLINE constexpr Order Flip(Order order) {
  return order == Order::rows ? Order::columns : Order::rows;
}

template <Order kOrder>
HWY_INLINE size_t Place(size_t i, size_t j, size_t ld) {
  return kOrder == Order::rows ? i * ld + j : j * ld + i;
}

// One value a prompt.
template <class T, Order kOrder = Order::rows>
struct LaneMatrix {
  using Register = Tag<T>;
  const T* data;
  size_t ld;

  HWY_INLINE Vec<T> at(size_t i, size_t j) const {
    return hn::Load(Tag<T>(), data + Place<kOrder>(i, j, ld) * kLanes);
  }
  HWY_INLINE LaneMatrix<T, Flip(kOrder)> transposed() const { return {data, ld}; }
};

// One value for all prompts. D: the register that it fills.
template <class T, Order kOrder = Order::rows, class D = Tag<T>>
struct SharedMatrix {
  using Register = D;
  const T* data;
  size_t ld;

  HWY_INLINE hn::Vec<D> at(size_t i, size_t j) const {
    return hn::Set(D(), data[Place<kOrder>(i, j, ld)]);
  }
  HWY_INLINE SharedMatrix<T, Flip(kOrder), D> transposed() const { return {data, ld}; }
  HWY_INLINE SharedMatrix from(size_t i, size_t j) const {
    return {data + Place<kOrder>(i, j, ld), ld};
  }
};

// A vector, as the one column of a matrix.
template <class T>
using LaneColumn = LaneMatrix<T, Order::columns>;
template <class T>
using SharedColumn = SharedMatrix<T, Order::columns>;

enum class Into { set, add, either };  // either: a function argument decides

// Which entries of a product are wanted.
enum class Part { all, lower };

// What a product may have besides: nothing, or x y^T, one more term of each sum, so that C is not
// read and written again.
struct NoTerm {};
template <class T>
struct OuterTerm {
  LaneColumn<T> x, y;
};

// Between neighbours of C there are kStep numbers: kLanes, or the lanes of one register
// (rows-inl.h).
//
// One register tile C[i.., j..] (= or +=) sum_k A[i, k] B[k, j]. MR x NR sums live in
// registers; each k costs MR + NR loads for MR * NR multiply-adds. kPart == lower is for a
// tile on the diagonal, i == j: the sums above it are left out. `term` comes after the last k.
template <size_t kStep, int MR, int NR, Part kPart, Into kInto, class A, class B, class T,
          class Term = NoTerm>
HWY_INLINE void MultiplyTile(size_t inner, A a, B b, size_t i, size_t j, T* HWY_RESTRICT c,
                             size_t c_columns, bool add = false, Term term = {}) {
  using D = typename B::Register;
  const D d;
  const bool from_c = kInto == Into::either ? add : kInto == Into::add;
  const auto wanted = [](int r, int s) HWY_ATTR { return kPart == Part::all || s <= r; };
  hn::Vec<D> sum[MR][NR];
  HWY_UNROLL(8)
  for (int r = 0; r < MR; ++r) {
    HWY_UNROLL(4)
    for (int s = 0; s < NR; ++s) {
      if (wanted(r, s)) {
        sum[r][s] = from_c ? hn::Load(d, c + ((i + r) * c_columns + j + s) * kStep) : hn::Zero(d);
      }
    }
  }
  // Two steps at a time: +11% at D = 11 on Zen 4 (85 to 95 GFLOP/s); four are no better.
  HWY_UNROLL(2)
  for (size_t k = 0; k < inner; ++k) {
    hn::Vec<D> right[NR];
    HWY_UNROLL(4)
    for (int s = 0; s < NR; ++s) right[s] = b.at(k, j + s);
    HWY_UNROLL(8)
    for (int r = 0; r < MR; ++r) {
      const hn::Vec<D> left = a.at(i + r, k);
      HWY_UNROLL(4)
      for (int s = 0; s < NR; ++s) {
        if (wanted(r, s)) sum[r][s] = hn::MulAdd(left, right[s], sum[r][s]);
      }
    }
  }
  if constexpr (!std::is_same_v<Term, NoTerm>) {
    HWY_UNROLL(8)
    for (int r = 0; r < MR; ++r) {
      HWY_UNROLL(4)
      for (int s = 0; s < NR; ++s) {
        if (wanted(r, s))
          sum[r][s] = hn::MulAdd(term.x.at(i + r, 0), term.y.at(j + s, 0), sum[r][s]);
      }
    }
  }
  HWY_UNROLL(8)
  for (int r = 0; r < MR; ++r) {
    HWY_UNROLL(4)
    for (int s = 0; s < NR; ++s) {
      if (wanted(r, s)) hn::Store(sum[r][s], d, c + ((i + r) * c_columns + j + s) * kStep);
    }
  }
}

// Thirty-two vector registers hold a 4 x 4 tile, sixteen a 3 x 3.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
inline constexpr int kTile = 4;
#else
inline constexpr int kTile = 3;
#endif

// MR rows of C from row i on: all columns, or the columns up to the diagonal and including it.
template <size_t kStep, int MR, Part kPart, Into kInto, class A, class B, class T,
          class Term = NoTerm>
HWY_INLINE void MultiplyStrip(size_t inner, size_t columns, A a, B b, size_t i, T* HWY_RESTRICT c,
                              size_t c_columns, Term term = {}) {
  const size_t end = kPart == Part::lower ? i : columns;
  size_t j = 0;
  for (; j + kTile <= end; j += kTile)
    MultiplyTile<kStep, MR, kTile, Part::all, kInto>(inner, a, b, i, j, c, c_columns, false, term);
  if (kPart == Part::lower) {  // i is a multiple of the tile, so j == i here
    MultiplyTile<kStep, MR, MR, Part::lower, kInto>(inner, a, b, i, j, c, c_columns, false, term);
    return;
  }
  switch (end - j) {
    case 1:
      return MultiplyTile<kStep, MR, 1, Part::all, kInto>(inner, a, b, i, j, c, c_columns, false,
                                                          term);
    case 2:
      return MultiplyTile<kStep, MR, 2, Part::all, kInto>(inner, a, b, i, j, c, c_columns, false,
                                                          term);
    case 3:
      return MultiplyTile<kStep, MR, 3, Part::all, kInto>(inner, a, b, i, j, c, c_columns, false,
                                                          term);
    default:
      return;
  }
}

template <Part kPart, Into kInto, class A, class B, class T, class Term = NoTerm>
HWY_INLINE void MultiplyStrips(size_t rows, size_t inner, size_t columns, A a, B b,
                               T* HWY_RESTRICT c, Term term = {}) {
  size_t i = 0;
  for (; i + kTile <= rows; i += kTile)
    MultiplyStrip<kLanes, kTile, kPart, kInto>(inner, columns, a, b, i, c, columns, term);
  switch (rows - i) {
    case 1:
      return MultiplyStrip<kLanes, 1, kPart, kInto>(inner, columns, a, b, i, c, columns, term);
    case 2:
      return MultiplyStrip<kLanes, 2, kPart, kInto>(inner, columns, a, b, i, c, columns, term);
    case 3:
      return MultiplyStrip<kLanes, 3, kPart, kInto>(inner, columns, a, b, i, c, columns, term);
    default:
      return;
  }
}

// C [rows, columns] (= or +=) A [rows, inner] B [inner, columns], plus the term if there is one.
template <Into kInto, class A, class B, class T, class Term = NoTerm>
HWY_NOINLINE void Multiply(size_t rows, size_t inner, size_t columns, A a, B b, T* HWY_RESTRICT c,
                           Term term = {}) {
  MultiplyStrips<Part::all, kInto>(rows, inner, columns, a, b, c, term);
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

// Computes the entries on and below the diagonal only: for a symmetric result, or for a sum that
// becomes symmetric with its next term. Mirror copies them to the upper triangle.
template <Into kInto, class A, class B, class T>
HWY_NOINLINE void MultiplyLower(size_t size, size_t inner, A a, B b, T* HWY_RESTRICT c) {
  MultiplyStrips<Part::lower, kInto>(size, inner, size, a, b, c);
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
      hn::Store(
          kInto == Into::add ? hn::MulAdd(left, right, hn::Load(d, out)) : hn::Mul(left, right), d,
          out);
    }
  }
}

// y (= or +=) A x, for x a column. Four rows at a time hide the latency of the sums.
template <Into kInto, class A, class X, class T>
HWY_INLINE void MultiplyVector(size_t rows, size_t inner, A a, X x, T* HWY_RESTRICT y) {
  MultiplyStrips<Part::all, kInto>(rows, inner, 1, a, x, y);
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
