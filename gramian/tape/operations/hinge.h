// hinge: sum_ij max(0, 1 - b_ij a_ij), [1, 1], for labels b of 1 and -1 and scores a of the same
// shape. da = -b dy where the margin b a is below 1, and 0 elsewhere. Nothing flows back into the
// labels.
#ifndef GRAMIAN_TAPE_OPERATIONS_HINGE_H
#define GRAMIAN_TAPE_OPERATIONS_HINGE_H

#include <algorithm>

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct Hinge {
  static constexpr Traits kTraits{.operands = 2, .no_gradient = 0b10};

  Shapes::Result shape(const Shapes& in) const { return loss_of_two(in); }
  void reference(const Operands& in, Numbers out) const {
    out[0] = 0;
    for (std::size_t e = 0; e < in[0].size(); ++e) out[0] += std::max(0.0, 1 - in[0][e] * in[1][e]);
  }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::Hinge&, const LaneCall<T>& call) {
  const Tag<T> d;
  const T *a = call.in[0].values, *b = call.in[1].values;
  auto sum = hn::Zero(d);
  for (size_t e = 0; e < call.in[0].size(); ++e) {
    const auto short_of = hn::NegMulAdd(Get(a, e), Get(b, e), hn::Set(d, T(1)));
    sum = hn::Add(sum, hn::Max(short_of, hn::Zero(d)));
  }
  Put<T>(sum, call.out);
}

template <class T>
void Backward(const ops::Hinge&, const LaneCall<T>& call) {
  const auto one = hn::Set(Tag<T>(), T(1));
  const T *a = call.in[0].values, *b = call.in[1].values;
  const auto dloss = Get(call.dout);
  for (size_t e = 0; e < call.in[0].size(); ++e) {
    const auto label = Get(b, e);
    const auto short_of = hn::Lt(hn::Mul(Get(a, e), label), one);
    call.in[0].give(hn::IfThenElseZero(short_of, hn::Neg(hn::Mul(label, dloss))), e);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
