// softplus: y = log(1 + exp(x)) of each element, computed as max(x, 0) + log(1 + exp(-|x|)), and
// dx = dy / (1 + exp(-x)).
#ifndef GRAMIAN_TAPE_OPERATIONS_SOFTPLUS_H
#define GRAMIAN_TAPE_OPERATIONS_SOFTPLUS_H

#include <algorithm>
#include <cmath>

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct Softplus {
  double value(double x) const { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::Softplus&, const LaneCall<T>& call) {
  ByElements(call, [](Vec<T> x) HWY_ATTR {
    const Tag<T> d;
    // Below -80 exp is nothing beside 1, and must not be a subnormal number.
    const auto below = hn::Max(hn::Neg(hn::Abs(x)), hn::Set(d, T(-80)));
    return hn::Add(hn::Max(x, hn::Zero(d)), hn::Log1p(d, hn::Exp(d, below)));
  });
}

template <class T>
void Backward(const ops::Softplus&, const LaneCall<T>& call) {
  GiveElements(call, [&](size_t e) HWY_ATTR {
    return hn::Mul(Get(call.dout, e), SigmoidOf<T>(Get(call.in[0].values, e)));
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
