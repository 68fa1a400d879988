// clip: each element limited to [low, high]. da = dy inside, ends included, and 0 beyond. Either
// limit may be infinite.
#ifndef GRAMIAN_TAPE_OPERATIONS_CLIP_H
#define GRAMIAN_TAPE_OPERATIONS_CLIP_H

#include <algorithm>

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct Clip {
  double low = 0, high = 1;

  Shapes::Result shape(const Shapes& in) const {
    if (!(low < high)) return broken(fmt::format("low must be < high, got {} and {}", low, high));
    return in[0];
  }
  double value(double x) const { return std::clamp(x, low, high); }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::Clip& clip, const LaneCall<T>& call) {
  const Tag<T> d;
  const auto low = hn::Set(d, static_cast<T>(clip.low)),
             high = hn::Set(d, static_cast<T>(clip.high));
  ByElements(call, [&](Vec<T> x) HWY_ATTR { return hn::Min(hn::Max(x, low), high); });
}

template <class T>
void Backward(const ops::Clip& clip, const LaneCall<T>& call) {
  const Tag<T> d;
  const auto low = hn::Set(d, static_cast<T>(clip.low)),
             high = hn::Set(d, static_cast<T>(clip.high));
  const T *a = call.in[0].values, *dout = call.dout;
  GiveElements(call, [&](size_t e) HWY_ATTR {
    const auto x = Get(a, e);
    const auto inside = hn::And(hn::Ge(x, low), hn::Le(x, high));
    return hn::IfThenElseZero(inside, Get(dout, e));
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
