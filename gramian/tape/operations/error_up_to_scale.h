// error_up_to_scale: the squared distance of b from the multiples of a, over all elements of both:
//
//     min_c |c a - b|^2 = |b|^2 - <a, b>^2 / |a|^2 = |c a - b|^2,    c = <a, b> / |a|^2,
//     da = 2 c (c a - b) dy,    db = 2 (b - c a) dy.
//
// [1, 1]. Of a = 0 it is |b|^2, with c = 0. The forward pass keeps c.
#ifndef GRAMIAN_TAPE_OPERATIONS_ERROR_UP_TO_SCALE_H
#define GRAMIAN_TAPE_OPERATIONS_ERROR_UP_TO_SCALE_H

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct ErrorUpToScale {
  static constexpr Traits kTraits{.operands = 2};

  Shapes::Result shape(const Shapes& in) const { return loss_of_two(in); }
  void reference(const Operands& in, Numbers out) const {
    double both = 0, square = 0;
    for (std::size_t e = 0; e < in[0].size(); ++e) {
      both += in[0][e] * in[1][e];
      square += in[0][e] * in[0][e];
    }
    const double c = square > 0 ? both / square : 0;
    out[0] = 0;
    for (std::size_t e = 0; e < in[0].size(); ++e) {
      const double r = c * in[0][e] - in[1][e];
      out[0] += r * r;
    }
  }
  std::size_t kept(const Shapes&) const { return 1; }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::ErrorUpToScale&, const LaneCall<T>& call) {
  const Tag<T> d;
  const T *a = call.in[0].values, *b = call.in[1].values;
  const size_t size = call.in[0].size();
  const auto both = Dot(size, a, b), square = Dot(size, a, a);
  const auto c = hn::IfThenElseZero(hn::Gt(square, hn::Zero(d)), hn::Div(both, square));
  auto sum = hn::Zero(d);
  for (size_t e = 0; e < size; ++e) {
    const auto r = hn::MulSub(c, Get(a, e), Get(b, e));
    sum = hn::MulAdd(r, r, sum);
  }
  Put<T>(c, call.kept);
  Put<T>(sum, call.out);
}

template <class T>
void Backward(const ops::ErrorUpToScale&, const LaneCall<T>& call) {
  const LaneOperand<T>&a = call.in[0], &b = call.in[1];
  const auto c = Get(call.kept), twice = hn::Mul(hn::Set(Tag<T>(), T(2)), Get(call.dout));
  for (size_t e = 0; e < a.size(); ++e) {
    const auto r = hn::Mul(twice, hn::MulSub(c, Get(a.values, e), Get(b.values, e)));
    if (a.wanted()) a.give(hn::Mul(c, r), e);
    if (b.wanted()) b.give(hn::Neg(r), e);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
