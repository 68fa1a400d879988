// product: C = A B of matrices, each of which may be read transposed:
//
//     C_ij = sum_k A_ik B_kj,    dA = dC B^T,    dB = A^T dC.
//
// A [rows, inner], B [inner, columns], or their transposes. One of them may be shared by all
// prompts. Cost: rows * inner * columns multiply-adds forward, and as many for each adjoint. A sum
// over k runs in ascending order.
#ifndef GRAMIAN_TAPE_OPERATIONS_PRODUCT_H
#define GRAMIAN_TAPE_OPERATIONS_PRODUCT_H

#include <type_traits>

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct Product {
  static constexpr Traits kTraits{.operands = 2, .may_be_shared = 0b11};

  bool a_transposed = false, b_transposed = false;

  Shapes::Result shape(const Shapes& in) const {
    const Shape a = a_transposed ? flipped(in[0]) : in[0];
    const Shape b = b_transposed ? flipped(in[1]) : in[1];
    if (a.columns != b.rows) return broken("the inner sizes differ");
    return Shape{a.rows, b.columns};
  }
  void reference(const Operands& in, Numbers out) const {
    const auto &a = in[0], &b = in[1];
    const std::size_t inner = a_transposed ? a.rows : a.columns;
    out.fill([&](std::size_t i, std::size_t j) {
      double sum = 0;
      for (std::size_t k = 0; k < inner; ++k) {
        sum += (a_transposed ? a.at(k, i) : a.at(i, k)) * (b_transposed ? b.at(j, k) : b.at(k, j));
      }
      return sum;
    });
  }
  double multiply_adds(const Shapes& in) const {
    const int inner = a_transposed ? in[0].rows : in[0].columns;
    const int columns = b_transposed ? in[1].rows : in[1].columns;
    return static_cast<double>(in[0].size() / static_cast<std::size_t>(inner)) * columns * inner;
  }
  const char* suffix(std::size_t k) const {
    return (k == 0 ? a_transposed : b_transposed) ? "^T" : "";
  }

 private:
  static Shape flipped(Shape s) { return {s.columns, s.rows}; }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

// A side of a product: a matrix [.., ld] of one kind or the other, perhaps transposed.
template <class T>
struct Side {
  const T* data;
  size_t ld;
  bool shared, transposed;

  static Side of(const LaneOperand<T>& x, bool transposed) {
    return {x.shared != nullptr ? x.shared : x.values, x.columns, x.shared != nullptr, transposed};
  }
  Side flipped() const { return {data, ld, shared, !transposed}; }
};

// MR rows of C from row i on.
template <int MR, class A, class B, class T>
HWY_INLINE void ProductStrip(size_t inner, size_t columns, A a, B b, size_t i, T* HWY_RESTRICT c,
                             bool add) {
  const auto tile = [&]<int NR>(std::integral_constant<int, NR>, size_t j) HWY_ATTR {
    MultiplyTile<kLanes, MR, NR, Part::all, Into::either>(inner, a, b, i, j, c, columns, add);
  };
  size_t j = 0;
  for (; j + kTile <= columns; j += kTile) tile(std::integral_constant<int, kTile>(), j);
  switch (columns - j) {
    case 1:
      return tile(std::integral_constant<int, 1>(), j);
    case 2:
      return tile(std::integral_constant<int, 2>(), j);
    case 3:
      return tile(std::integral_constant<int, 3>(), j);
    default:
      return;
  }
}

// C [rows, columns] = A [rows, inner] B [inner, columns], or += with `add`. That is Multiply of
// lanes/matrix-inl.h; with `add` as an argument there is half the code to compile.
template <class A, class B, class T>
HWY_NOINLINE void MultiplyOrAdd(size_t rows, size_t inner, size_t columns, A a, B b,
                                T* HWY_RESTRICT c, bool add) {
  size_t i = 0;
  for (; i + kTile <= rows; i += kTile) ProductStrip<kTile>(inner, columns, a, b, i, c, add);
  switch (rows - i) {
    case 1:
      return ProductStrip<1>(inner, columns, a, b, i, c, add);
    case 2:
      return ProductStrip<2>(inner, columns, a, b, i, c, add);
    case 3:
      return ProductStrip<3>(inner, columns, a, b, i, c, add);
    default:
      return;
  }
}

template <class A, class T>
void MultiplyBy(size_t rows, size_t inner, size_t columns, A a, Side<T> b, T* c, bool add) {
  const auto by = [&](auto right) { MultiplyOrAdd(rows, inner, columns, a, right, c, add); };
  if (b.shared && b.transposed) return by(SharedMatrix<T, Order::columns>{b.data, b.ld});
  if (b.shared) return by(SharedMatrix<T>{b.data, b.ld});
  if (b.transposed) return by(LaneMatrix<T, Order::columns>{b.data, b.ld});
  by(LaneMatrix<T>{b.data, b.ld});
}

template <class T>
void MultiplySides(size_t rows, size_t inner, size_t columns, Side<T> a, Side<T> b, T* c,
                   bool add) {
  if (a.shared) {  // then b is not: no code for both
    const SharedMatrix<T> left{a.data, a.ld};
    const LaneMatrix<T> right{b.data, b.ld};
    const auto multiply = [&](auto x, auto y) {
      MultiplyOrAdd(rows, inner, columns, x, y, c, add);
    };
    if (a.transposed && b.transposed) return multiply(left.transposed(), right.transposed());
    if (a.transposed) return multiply(left.transposed(), right);
    if (b.transposed) return multiply(left, right.transposed());
    return multiply(left, right);
  }
  if (a.transposed) {
    return MultiplyBy(rows, inner, columns, LaneMatrix<T, Order::columns>{a.data, a.ld}, b, c, add);
  }
  MultiplyBy(rows, inner, columns, LaneMatrix<T>{a.data, a.ld}, b, c, add);
}

template <class T>
void MultiplyIntoAdjoint(const LaneOperand<T>& to, size_t rows, size_t inner, size_t columns,
                         Side<T> a, Side<T> b) {
  MultiplySides(rows, inner, columns, a, b, to.adjoint, !to.sets);
}

template <class T>
void Forward(const ops::Product& product, const LaneCall<T>& call) {
  const LaneOperand<T>& a = call.in[0];
  MultiplySides(call.rows, product.a_transposed ? a.rows : a.columns, call.columns,
                Side<T>::of(a, product.a_transposed), Side<T>::of(call.in[1], product.b_transposed),
                call.out, false);
}

template <class T>
void Backward(const ops::Product& product, const LaneCall<T>& call) {
  const LaneOperand<T>&a = call.in[0], &b = call.in[1];
  const size_t rows = call.rows, columns = call.columns,
               inner = product.a_transposed ? a.rows : a.columns;
  const Side<T> left = Side<T>::of(a, product.a_transposed),
                right = Side<T>::of(b, product.b_transposed);
  const Side<T> dc{call.dout, columns, false, false};
  if (a.wanted()) {
    if (product.a_transposed) {
      MultiplyIntoAdjoint(a, inner, columns, rows, right, dc.flipped());
    } else {
      MultiplyIntoAdjoint(a, rows, columns, inner, dc, right.flipped());
    }
  }
  if (b.wanted()) {
    if (product.b_transposed) {
      MultiplyIntoAdjoint(b, columns, rows, inner, dc.flipped(), left);
    } else {
      MultiplyIntoAdjoint(b, inner, rows, columns, left.flipped(), dc);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
