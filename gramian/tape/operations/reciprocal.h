// reciprocal: y = 1 / x of each element, and dx = -y^2 dy. Of zero it is infinite, as in IEEE
// arithmetic; clip x before where it may come close.
#ifndef GRAMIAN_TAPE_OPERATIONS_RECIPROCAL_H
#define GRAMIAN_TAPE_OPERATIONS_RECIPROCAL_H

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct Reciprocal {
  double value(double x) const { return 1 / x; }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::Reciprocal&, const LaneCall<T>& call) {
  const auto one = hn::Set(Tag<T>(), T(1));
  ByElements(call, [&](Vec<T> x) HWY_ATTR { return hn::Div(one, x); });
}

template <class T>
void Backward(const ops::Reciprocal&, const LaneCall<T>& call) {
  const T *out = call.out, *dout = call.dout;
  GiveElements(call, [&](size_t e) HWY_ATTR {
    const auto y = Get(out, e);
    return hn::Neg(hn::Mul(hn::Mul(y, y), Get(dout, e)));
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
