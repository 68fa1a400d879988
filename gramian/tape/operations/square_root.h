// square_root: y = sqrt(x + epsilon) of each element, and dx = dy / (2 y). With epsilon = 0 the
// slope at x = 0 is infinite; of a negative x + epsilon the result is NaN.
#ifndef GRAMIAN_TAPE_OPERATIONS_SQUARE_ROOT_H
#define GRAMIAN_TAPE_OPERATIONS_SQUARE_ROOT_H

#include <cmath>

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct SquareRoot {
  double epsilon = 0;

  Shapes::Result shape(const Shapes& in) const {
    if (!(epsilon >= 0)) return broken(fmt::format("epsilon must be >= 0, got {}", epsilon));
    return in[0];
  }
  double value(double x) const { return std::sqrt(x + epsilon); }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::SquareRoot& root, const LaneCall<T>& call) {
  const auto epsilon = hn::Set(Tag<T>(), static_cast<T>(root.epsilon));
  ByElements(call, [&](Vec<T> x) HWY_ATTR { return hn::Sqrt(hn::Add(x, epsilon)); });
}

template <class T>
void Backward(const ops::SquareRoot&, const LaneCall<T>& call) {
  const auto half = hn::Set(Tag<T>(), T(0.5));
  const T *out = call.out, *dout = call.dout;
  GiveElements(
      call, [&](size_t e) HWY_ATTR { return hn::Div(hn::Mul(half, Get(dout, e)), Get(out, e)); });
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
