// relu: max(x, 0) of each element. Its slope at 0 is taken to be 0.
#ifndef GRAMIAN_TAPE_OPERATIONS_RELU_H
#define GRAMIAN_TAPE_OPERATIONS_RELU_H

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct Relu {
  double value(double x) const { return x > 0 ? x : 0; }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::Relu&, const LaneCall<T>& call) {
  const auto zero = hn::Zero(Tag<T>());
  ByElements(call, [&](Vec<T> x) HWY_ATTR { return hn::Max(x, zero); });
}

template <class T>
void Backward(const ops::Relu&, const LaneCall<T>& call) {
  const T *out = call.out, *dout = call.dout;
  GiveElements(call, [&](size_t e) HWY_ATTR {
    return hn::IfThenElseZero(hn::Gt(Get(out, e), hn::Zero(Tag<T>())), Get(dout, e));
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
