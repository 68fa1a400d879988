// mean_rows: the mean over the rows of a, one row: y_j = 1/n sum_i a_ij, and da_ij = dy_j / n.
#ifndef GRAMIAN_TAPE_OPERATIONS_MEAN_ROWS_H
#define GRAMIAN_TAPE_OPERATIONS_MEAN_ROWS_H

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct MeanRows {
  Shapes::Result shape(const Shapes& in) const { return Shape{1, in[0].columns}; }
  void reference(const Operands& in, Numbers out) const {
    out.fill([&](std::size_t, std::size_t j) {
      double sum = 0;
      for (std::size_t i = 0; i < in[0].rows; ++i) sum += in[0].at(i, j);
      return sum / static_cast<double>(in[0].rows);
    });
  }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::MeanRows&, const LaneCall<T>& call) {
  const LaneOperand<T>& a = call.in[0];
  const auto share = hn::Set(Tag<T>(), T(1) / static_cast<T>(a.rows));
  for (size_t j = 0; j < a.columns; ++j) {
    auto sum = Get(a.values, j);
    for (size_t i = 1; i < a.rows; ++i) sum = hn::Add(sum, Get(a.values, i * a.columns + j));
    Put<T>(hn::Mul(sum, share), call.out, j);
  }
}

template <class T>
void Backward(const ops::MeanRows&, const LaneCall<T>& call) {
  const LaneOperand<T>& a = call.in[0];
  const auto share = hn::Set(Tag<T>(), T(1) / static_cast<T>(a.rows));
  for (size_t i = 0; i < a.rows; ++i) {
    for (size_t j = 0; j < a.columns; ++j)
      a.give(hn::Mul(share, Get(call.dout, j)), i * a.columns + j);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
