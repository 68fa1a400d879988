// sigmoid: y = 1 / (1 + exp(-x)) of each element, and dx = y (1 - y) dy.
#ifndef GRAMIAN_TAPE_OPERATIONS_SIGMOID_H
#define GRAMIAN_TAPE_OPERATIONS_SIGMOID_H

#include <cmath>

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct Sigmoid {
  double value(double x) const { return 1 / (1 + std::exp(-x)); }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::Sigmoid&, const LaneCall<T>& call) {
  ByElements(call, [](Vec<T> x) HWY_ATTR { return SigmoidOf<T>(x); });
}

template <class T>
void Backward(const ops::Sigmoid&, const LaneCall<T>& call) {
  const T *out = call.out, *dout = call.dout;
  GiveElements(call, [&](size_t e) HWY_ATTR {
    const auto y = Get(out, e);
    return hn::Mul(Get(dout, e), hn::NegMulAdd(y, y, y));
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
