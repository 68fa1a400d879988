// exponential: exp(x) of each element, x counted as at most 88 in float and 705 in double so that
// the result is finite. dx = y dy, there as well.
#ifndef GRAMIAN_TAPE_OPERATIONS_EXPONENTIAL_H
#define GRAMIAN_TAPE_OPERATIONS_EXPONENTIAL_H

#include <algorithm>
#include <cmath>

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct Exponential {
  double value(double x) const { return std::exp(std::min(x, 705.0)); }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::Exponential&, const LaneCall<T>& call) {
  ByElements(call, [](Vec<T> x) HWY_ATTR { return ExpOf<T>(x); });
}

template <class T>
void Backward(const ops::Exponential&, const LaneCall<T>& call) {
  const T *out = call.out, *dout = call.dout;
  GiveElements(call, [&](size_t e) HWY_ATTR { return hn::Mul(Get(out, e), Get(dout, e)); });
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
