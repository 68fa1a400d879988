// short_convolution: each column over the last w tokens, with weights of its own (a depthwise
// causal convolution):
//
//     y_tj = sum_{d<w, d<=t} c_dj x_{t-d,j}
//     dx_tj = sum_{d<w, t+d<T} c_dj dy_{t+d,j},    dc_dj = sum_{t>=d} dy_tj x_{t-d,j}
//
// x [T, columns], c [w, columns], w >= 1, which may be shared by all prompts; c_0 is the weight of
// the token itself. Cost: w T columns multiply-adds forward, and as many for each adjoint.
#ifndef GRAMIAN_TAPE_OPERATIONS_SHORT_CONVOLUTION_H
#define GRAMIAN_TAPE_OPERATIONS_SHORT_CONVOLUTION_H

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct ShortConvolution {
  static constexpr Traits kTraits{.operands = 2, .may_be_shared = 0b10};

  Shapes::Result shape(const Shapes& in) const {
    if (in[0].columns != in[1].columns) return broken("both must have as many columns");
    return in[0];
  }
  void reference(const Operands& in, Numbers out) const {
    out.fill([&](std::size_t t, std::size_t j) {
      double sum = 0;
      for (std::size_t d = 0; d < in[1].rows && d <= t; ++d)
        sum += in[1].at(d, j) * in[0].at(t - d, j);
      return sum;
    });
  }
  double multiply_adds(const Shapes& in) const {
    return static_cast<double>(in[0].size()) * in[1].rows;
  }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::ShortConvolution&, const LaneCall<T>& call) {
  const LaneOperand<T>&x = call.in[0], &c = call.in[1];
  const size_t columns = call.columns;
  for (size_t t = 0; t < call.rows; ++t) {
    const size_t width = std::min(c.rows, t + 1);
    for (size_t j = 0; j < columns; ++j) {
      auto sum = hn::Zero(Tag<T>());
      for (size_t d = 0; d < width; ++d)
        sum = hn::MulAdd(c.at(d * columns + j), x.at((t - d) * columns + j), sum);
      Put<T>(sum, call.out, t * columns + j);
    }
  }
}

template <class T>
void Backward(const ops::ShortConvolution&, const LaneCall<T>& call) {
  const LaneOperand<T>&x = call.in[0], &c = call.in[1];
  const size_t columns = call.columns, rows = call.rows;
  for (size_t t = 0; x.wanted() && t < rows; ++t) {
    const size_t width = std::min(c.rows, rows - t);
    for (size_t j = 0; j < columns; ++j) {
      auto sum = hn::Zero(Tag<T>());
      for (size_t d = 0; d < width; ++d)
        sum = hn::MulAdd(c.at(d * columns + j), Get(call.dout, (t + d) * columns + j), sum);
      x.give(sum, t * columns + j);
    }
  }
  for (size_t d = 0; c.wanted() && d < c.rows; ++d) {
    for (size_t j = 0; j < columns; ++j) {
      auto sum = hn::Zero(Tag<T>());
      for (size_t t = d; t < rows; ++t)
        sum = hn::MulAdd(Get(call.dout, t * columns + j), x.at((t - d) * columns + j), sum);
      c.give(sum, d * columns + j);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
