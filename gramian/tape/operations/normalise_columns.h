// normalise_columns: in the block of rows `first` to `first + count - 1` each column is divided by
// its length; the other rows are copied:
//
//     y_ij = k_j a_ij,    k_j = 1 / sqrt(sum_i a_ij^2 + epsilon)    with i over the block,
//     da_ij = k_j (dy_ij - y_ij sum_l y_lj dy_lj).
//
// With epsilon = 0 a column of zeros becomes NaN. The forward pass keeps k [columns].
#ifndef GRAMIAN_TAPE_OPERATIONS_NORMALISE_COLUMNS_H
#define GRAMIAN_TAPE_OPERATIONS_NORMALISE_COLUMNS_H

#include <cmath>

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct NormaliseColumns {
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
    out.fill([&](std::size_t i, std::size_t j) {
      if (i < begin() || i >= end(a.rows)) return a.at(i, j);
      double squares = epsilon;
      for (std::size_t k = begin(); k < end(a.rows); ++k) squares += a.at(k, j) * a.at(k, j);
      return a.at(i, j) / std::sqrt(squares);
    });
  }
  std::size_t kept(const Shapes& in) const { return static_cast<std::size_t>(in[0].columns); }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::NormaliseColumns& norm, const LaneCall<T>& call) {
  const Tag<T> d;
  const T* a = call.in[0].values;
  const size_t columns = call.columns, begin = norm.begin(), end = norm.end(call.rows);
  for (size_t j = 0; j < columns; ++j) {
    auto squares = hn::Set(d, static_cast<T>(norm.epsilon));
    for (size_t i = begin; i < end; ++i)
      squares = hn::MulAdd(Get(a, i * columns + j), Get(a, i * columns + j), squares);
    Put<T>(hn::Div(hn::Set(d, T(1)), hn::Sqrt(squares)), call.kept, j);
  }
  for (size_t i = 0; i < call.rows; ++i) {
    const bool inside = i >= begin && i < end;
    for (size_t e = i * columns; e < (i + 1) * columns; ++e) {
      const auto x = Get(a, e);
      Put<T>(inside ? hn::Mul(Get(call.kept, e - i * columns), x) : x, call.out, e);
    }
  }
}

template <class T>
void Backward(const ops::NormaliseColumns& norm, const LaneCall<T>& call) {
  const T *y = call.out, *dout = call.dout;
  const size_t columns = call.columns, begin = norm.begin(), end = norm.end(call.rows);
  for (size_t j = 0; j < columns; ++j) {
    auto along = hn::Zero(Tag<T>());
    for (size_t i = begin; i < end; ++i)
      along = hn::MulAdd(Get(y, i * columns + j), Get(dout, i * columns + j), along);
    const auto k = Get(call.kept, j);
    for (size_t i = 0; i < call.rows; ++i) {
      const size_t e = i * columns + j;
      const auto rest = hn::NegMulAdd(Get(y, e), along, Get(dout, e));
      call.in[0].give(i >= begin && i < end ? hn::Mul(k, rest) : Get(dout, e), e);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
