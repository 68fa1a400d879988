// normalise_block: the block of rows `first` to `first + count - 1` is divided by its Frobenius
// norm; the other rows are copied:
//
//     y_ij = k a_ij,    k = 1 / sqrt(sum_ij a_ij^2 + epsilon)    with i over the block,
//     da_ij = k (dy_ij - y_ij sum_lm y_lm dy_lm).
//
// With epsilon = 0 a block of zeros becomes NaN. The forward pass keeps k.
#ifndef GRAMIAN_TAPE_OPERATIONS_NORMALISE_BLOCK_H
#define GRAMIAN_TAPE_OPERATIONS_NORMALISE_BLOCK_H

#include <cmath>

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct NormaliseBlock {
  int first = 0, count = 0;  // rows; count 0: all from the first on
  double epsilon = 1e-12;

  Shapes::Result shape(const Shapes& in) const {
    if (first < 0 || count < 0 || first >= in[0].rows || count > in[0].rows - first)
      return broken(fmt::format("rows {} to {} are not all there", first, first + count - 1));
    if (!(epsilon >= 0)) return broken(fmt::format("epsilon must be >= 0, got {}", epsilon));
    return in[0];
  }
  std::size_t begin() const { return static_cast<std::size_t>(first); }
  std::size_t end(std::size_t rows) const {
    return count == 0 ? rows : static_cast<std::size_t>(first + count);
  }
  void reference(const Operands& in, Numbers out) const {
    const auto& a = in[0];
    double squares = epsilon;
    for (std::size_t i = begin(); i < end(a.rows); ++i) {
      for (std::size_t j = 0; j < a.columns; ++j) squares += a.at(i, j) * a.at(i, j);
    }
    out.fill([&](std::size_t i, std::size_t j) {
      return i < begin() || i >= end(a.rows) ? a.at(i, j) : a.at(i, j) / std::sqrt(squares);
    });
  }
  std::size_t kept(const Shapes& in) const { return in.empty() ? 0 : 1; }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::NormaliseBlock& norm, const LaneCall<T>& call) {
  const Tag<T> d;
  const T* a = call.in[0].values;
  const size_t begin = norm.begin() * call.columns, end = norm.end(call.rows) * call.columns;
  const T* block = a + begin * kLanes;
  const auto squares =
      hn::Add(Dot(end - begin, block, block), hn::Set(d, static_cast<T>(norm.epsilon)));
  const auto k = hn::Div(hn::Set(d, T(1)), hn::Sqrt(squares));
  Put<T>(k, call.kept);
  for (size_t e = 0; e < call.size(); ++e) {
    const auto x = Get(a, e);
    Put<T>(e >= begin && e < end ? hn::Mul(k, x) : x, call.out, e);
  }
}

template <class T>
void Backward(const ops::NormaliseBlock& norm, const LaneCall<T>& call) {
  const T *y = call.out, *dout = call.dout;
  const size_t begin = norm.begin() * call.columns, end = norm.end(call.rows) * call.columns;
  const auto along = Dot(end - begin, y + begin * kLanes, dout + begin * kLanes);
  const auto k = Get(call.kept);
  GiveElements(call, [&](size_t e) HWY_ATTR {
    const auto rest = hn::NegMulAdd(Get(y, e), along, Get(dout, e));
    return e >= begin && e < end ? hn::Mul(k, rest) : Get(dout, e);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
