// silu: x s(x) of each element, s(x) = 1 / (1 + exp(-x)); also called swish. The forward pass keeps
// s; dx = (s + x s (1 - s)) dy.
#ifndef GRAMIAN_TAPE_OPERATIONS_SILU_H
#define GRAMIAN_TAPE_OPERATIONS_SILU_H

#include <cmath>

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct Silu {
  double value(double x) const { return x / (1 + std::exp(-x)); }
  std::size_t kept(const Shapes& in) const { return in[0].size(); }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::Silu&, const LaneCall<T>& call) {
  const T* a = call.in[0].values;
  for (size_t e = 0; e < call.size(); ++e) {
    const auto x = Get(a, e), s = SigmoidOf<T>(x);
    Put<T>(s, call.kept, e);
    Put<T>(hn::Mul(x, s), call.out, e);
  }
}

template <class T>
void Backward(const ops::Silu&, const LaneCall<T>& call) {
  const T *out = call.out, *gate = call.kept, *dout = call.dout;
  GiveElements(call, [&](size_t e) HWY_ATTR {
    const auto s = Get(gate, e);
    return hn::Mul(Get(dout, e), hn::Add(s, hn::NegMulAdd(Get(out, e), s, Get(out, e))));
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
