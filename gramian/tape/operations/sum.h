// sum: a + b by elements; b has the shape of a or is one row, one column or one number of it, and
// may be shared by all prompts. da = dy, and db = dy summed over what b goes with.
#ifndef GRAMIAN_TAPE_OPERATIONS_SUM_H
#define GRAMIAN_TAPE_OPERATIONS_SUM_H

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct Sum {
  double value(double x, double y) const { return x + y; }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::Sum&, const LaneCall<T>& call) {
  T* out = call.out;
  ByPairs(call, [&](size_t e, Vec<T> a, Vec<T> b) HWY_ATTR { Put<T>(hn::Add(a, b), out, e); });
}

template <class T>
void Backward(const ops::Sum&, const LaneCall<T>& call) {
  const T* dout = call.dout;
  if (const LaneOperand<T>& a = call.in[0]; a.wanted()) {
    for (size_t e = 0; e < call.size(); ++e) a.give(Get(dout, e), e);
  }
  if (call.in[1].wanted()) {
    GiveSecond(call, [&](size_t e) HWY_ATTR { return Get(dout, e); });
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
