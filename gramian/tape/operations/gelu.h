// gelu: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) of each element: the tanh form of Hendrycks
// and Gimpel (2016), as in GPT-2 and by default in JAX.
//
// Computed as x s(2 u), u = sqrt(2/pi) (x + 0.044715 x^3), s(z) = 1 / (1 + exp(-z)), which is
// (1 + tanh(z / 2)) / 2. The forward pass keeps s; (x s)' = s + x s (1 - s) 2 u'.
#ifndef GRAMIAN_TAPE_OPERATIONS_GELU_H
#define GRAMIAN_TAPE_OPERATIONS_GELU_H

#include <cmath>
#include <numbers>

#include "gramian/tape/operation.h"

namespace gramian::ops {

// sqrt(2 / pi), and the cubic term of the tanh form.
inline constexpr double kGeluSlope = 0.79788456080286535588, kGeluCubic = 0.044715;

struct Gelu {
  double value(double x) const {
    return x / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + kGeluCubic * x * x * x)));
  }
  std::size_t kept(const Shapes& in) const { return in[0].size(); }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
HWY_INLINE Vec<T> GeluGate(Vec<T> x) {
  const Tag<T> d;
  constexpr double kSlope = ops::kGeluSlope, kCubic = ops::kGeluCubic;
  const auto cubic =
      hn::MulAdd(hn::Mul(x, x), hn::Set(d, T(kSlope * kCubic)), hn::Set(d, T(kSlope)));
  const auto exponent = hn::Mul(hn::Set(d, T(-2)), hn::Mul(x, cubic));
  // Beyond 80 the gate is zero in float, and exp must stay finite.
  const auto bounded = hn::Min(hn::Max(exponent, hn::Set(d, T(-80))), hn::Set(d, T(80)));
  return hn::Div(hn::Set(d, T(1)), hn::Add(hn::Set(d, T(1)), hn::Exp(d, bounded)));
}

template <class T>
void Forward(const ops::Gelu&, const LaneCall<T>& call) {
  const T* a = call.in[0].values;
  for (size_t e = 0; e < call.size(); ++e) {
    const auto x = Get(a, e), s = GeluGate<T>(x);
    Put<T>(s, call.kept, e);
    Put<T>(hn::Mul(x, s), call.out, e);
  }
}

template <class T>
void Backward(const ops::Gelu&, const LaneCall<T>& call) {
  const Tag<T> d;
  constexpr double kSlope = ops::kGeluSlope, kCubic = ops::kGeluCubic;
  const T *a = call.in[0].values, *gate = call.kept, *dout = call.dout;
  GiveElements(call, [&](size_t e) HWY_ATTR {
    const auto x = Get(a, e), s = Get(gate, e);
    const auto slope =
        hn::MulAdd(hn::Mul(x, x), hn::Set(d, T(6 * kSlope * kCubic)), hn::Set(d, T(2 * kSlope)));
    const auto inner = hn::Mul(hn::Mul(x, s), hn::Sub(hn::Set(d, T(1)), s));
    return hn::Mul(Get(dout, e), hn::MulAdd(inner, slope, s));
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
