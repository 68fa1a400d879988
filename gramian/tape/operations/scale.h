// scale: y = factor a, and da = factor dy.
#ifndef GRAMIAN_TAPE_OPERATIONS_SCALE_H
#define GRAMIAN_TAPE_OPERATIONS_SCALE_H

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct Scale {
  double factor = 1;

  double value(double x) const { return factor * x; }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::Scale& scale, const LaneCall<T>& call) {
  const auto factor = hn::Set(Tag<T>(), static_cast<T>(scale.factor));
  ByElements(call, [&](Vec<T> x) HWY_ATTR { return hn::Mul(factor, x); });
}

template <class T>
void Backward(const ops::Scale& scale, const LaneCall<T>& call) {
  const auto factor = hn::Set(Tag<T>(), static_cast<T>(scale.factor));
  const T* dout = call.dout;
  GiveElements(call, [&](size_t e) HWY_ATTR { return hn::Mul(factor, Get(dout, e)); });
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
