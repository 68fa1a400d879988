// times: a b by elements; b has the shape of a or is one row, one column or one number of it, and
// may be shared by all prompts. da = dy b, and db = dy a summed over what b goes with.
#ifndef GRAMIAN_TAPE_OPERATIONS_TIMES_H
#define GRAMIAN_TAPE_OPERATIONS_TIMES_H

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct Times {
  double value(double x, double y) const { return x * y; }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::Times&, const LaneCall<T>& call) {
  T* out = call.out;
  ByPairs(call, [&](size_t e, Vec<T> a, Vec<T> b) HWY_ATTR { Put<T>(hn::Mul(a, b), out, e); });
}

template <class T>
void Backward(const ops::Times&, const LaneCall<T>& call) {
  const T* dout = call.dout;
  if (const LaneOperand<T>& to = call.in[0]; to.wanted()) {
    ByPairs(call,
            [&](size_t e, Vec<T>, Vec<T> b) HWY_ATTR { to.give(hn::Mul(Get(dout, e), b), e); });
  }
  if (call.in[1].wanted()) {
    const T* a = call.in[0].values;
    GiveSecond(call, [&](size_t e) HWY_ATTR { return hn::Mul(Get(dout, e), Get(a, e)); });
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
