// half_squared_error: 1/2 sum_ij (a_ij - b_ij)^2, [1, 1]. da = dy (a - b) and db = -da. It is the
// loss of a prediction, of predictions at every position, and the squared distance of two values
// that distillation minimises.
#ifndef GRAMIAN_TAPE_OPERATIONS_HALF_SQUARED_ERROR_H
#define GRAMIAN_TAPE_OPERATIONS_HALF_SQUARED_ERROR_H

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct HalfSquaredError {
  static constexpr Traits kTraits{.operands = 2};

  Shapes::Result shape(const Shapes& in) const { return loss_of_two(in); }
  void reference(const Operands& in, Numbers out) const {
    double sum = 0;
    for (std::size_t e = 0; e < in[0].size(); ++e)
      sum += (in[0][e] - in[1][e]) * (in[0][e] - in[1][e]);
    out[0] = sum / 2;
  }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::HalfSquaredError&, const LaneCall<T>& call) {
  const Tag<T> d;
  auto sum = hn::Zero(d);
  const T *a = call.in[0].values, *b = call.in[1].values;
  for (size_t e = 0; e < call.in[0].size(); ++e) {
    const auto r = hn::Sub(Get(a, e), Get(b, e));
    sum = hn::MulAdd(r, r, sum);
  }
  Put<T>(hn::Mul(hn::Set(d, T(0.5)), sum), call.out);
}

template <class T>
void Backward(const ops::HalfSquaredError&, const LaneCall<T>& call) {
  const LaneOperand<T>&a = call.in[0], &b = call.in[1];
  for (size_t e = 0; e < a.size(); ++e) {
    const auto r = hn::Mul(Get(call.dout), hn::Sub(Get(a.values, e), Get(b.values, e)));
    if (a.wanted()) a.give(r, e);
    if (b.wanted()) b.give(hn::Neg(r), e);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
