// division: y = a / b by elements; b has the shape of a or is one row, one column or one number of
// it, and may be shared by all prompts.
//
//     da = dy / b,    db = -dy y / b summed over what b goes with.
//
// Where b is zero the result is that of IEEE arithmetic, infinite or NaN; clip b before where it
// may come close.
#ifndef GRAMIAN_TAPE_OPERATIONS_DIVISION_H
#define GRAMIAN_TAPE_OPERATIONS_DIVISION_H

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct Division {
  double value(double x, double y) const { return x / y; }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::Division&, const LaneCall<T>& call) {
  T* out = call.out;
  ByPairs(call, [&](size_t e, Vec<T> a, Vec<T> b) HWY_ATTR { Put<T>(hn::Div(a, b), out, e); });
}

template <class T>
void Backward(const ops::Division&, const LaneCall<T>& call) {
  const T *dout = call.dout, *out = call.out;
  const LaneOperand<T>&to = call.in[0], &b = call.in[1];
  if (to.wanted()) {
    ByPairs(call,
            [&](size_t e, Vec<T>, Vec<T> y) HWY_ATTR { to.give(hn::Div(Get(dout, e), y), e); });
  }
  if (b.wanted()) {
    const PairIndex index(call);
    GiveSecond(call, [&](size_t e) HWY_ATTR {
      return hn::Neg(hn::Div(hn::Mul(Get(dout, e), Get(out, e)), b.at(index(e))));
    });
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
