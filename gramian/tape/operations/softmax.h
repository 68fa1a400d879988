// softmax: of each row over the columns that a mask allows, 0 in the others:
//
//     y_ij = m_ij exp(a_ij) / sum_k m_ik exp(a_ik),    da_ij = y_ij (dy_ij - sum_k y_ik dy_ik).
//
// The mask, an optional second operand of the shape of a, has zeros and ones; it may be shared by
// all prompts (masks.h makes some) or an input, and then differs from prompt to prompt. In a row
// without a one all is 0. The largest score of a row is subtracted first, so large scores do no
// harm. Nothing flows back into the mask.
#ifndef GRAMIAN_TAPE_OPERATIONS_SOFTMAX_H
#define GRAMIAN_TAPE_OPERATIONS_SOFTMAX_H

#include <cmath>
#include <limits>

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct Softmax {
  static constexpr Traits kTraits{
      .operands = 2, .optional = 1, .may_be_shared = 0b10, .no_gradient = 0b10};

  Shapes::Result shape(const Shapes& in) const {
    if (in.size() > 1 && in[0] != in[1]) return broken("the mask must have the shape of the first");
    return in[0];
  }
  void reference(const Operands& in, Numbers out) const {
    const auto& a = in[0];
    const auto weight = [&](std::size_t i, std::size_t j) {
      return in.size() > 1 ? in[1].at(i, j) : 1.0;
    };
    out.fill([&](std::size_t i, std::size_t j) {
      if (weight(i, j) == 0) return 0.0;
      double sum = 0;  // relative to this entry, which therefore needs no largest
      for (std::size_t k = 0; k < a.columns; ++k)
        sum += weight(i, k) == 0 ? 0 : std::exp(a.at(i, k) - a.at(i, j));
      return 1 / sum;
    });
  }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

// One row, with the same columns allowed for all prompts: mask is null or [columns].
template <class T>
HWY_INLINE void SoftmaxRow(size_t columns, const T* from, const T* mask, T* to) {
  const Tag<T> d;
  const auto allowed = [&](size_t j) { return mask == nullptr || mask[j] != T(0); };
  auto largest = hn::Set(d, -std::numeric_limits<T>::infinity());
  for (size_t j = 0; j < columns; ++j) {
    if (allowed(j)) largest = hn::Max(largest, Get(from, j));
  }
  auto sum = hn::Zero(d);
  for (size_t j = 0; j < columns; ++j) {
    auto power = hn::Zero(d);
    if (allowed(j)) {
      // Below -80 it is nothing beside the largest, which is 1.
      power = hn::Exp(d, hn::Max(hn::Sub(Get(from, j), largest), hn::Set(d, T(-80))));
    }
    sum = hn::Add(sum, power);
    Put<T>(power, to, j);
  }
  const auto inverse = hn::Div(hn::Set(d, T(1)), sum);
  for (size_t j = 0; j < columns; ++j) Put<T>(hn::Mul(Get(to, j), inverse), to, j);
}

// One row, with a mask [columns, lanes] of each prompt.
template <class T>
HWY_INLINE void SoftmaxRowByPrompt(size_t columns, const T* from, const T* mask, T* to) {
  const Tag<T> d;
  const auto zero = hn::Zero(d);
  auto largest = hn::Set(d, std::numeric_limits<T>::lowest());
  for (size_t j = 0; j < columns; ++j) {
    const auto allowed = hn::Ne(Get(mask, j), zero);
    largest = hn::IfThenElse(allowed, hn::Max(largest, Get(from, j)), largest);
  }
  auto sum = zero;
  for (size_t j = 0; j < columns; ++j) {
    const auto allowed = hn::Ne(Get(mask, j), zero);
    const auto shifted = hn::IfThenElseZero(allowed, hn::Sub(Get(from, j), largest));
    const auto power = hn::Exp(d, hn::Max(shifted, hn::Set(d, T(-80))));
    const auto counted = hn::IfThenElseZero(allowed, power);
    sum = hn::Add(sum, counted);
    Put<T>(counted, to, j);
  }
  // The largest counts 1, so that a smaller sum is that of a row without a one.
  const auto inverse = hn::Div(hn::Set(d, T(1)), hn::Max(sum, hn::Set(d, T(1))));
  for (size_t j = 0; j < columns; ++j) Put<T>(hn::Mul(Get(to, j), inverse), to, j);
}

template <class T>
void Forward(const ops::Softmax&, const LaneCall<T>& call) {
  const T* a = call.in[0].values;
  const size_t columns = call.columns;
  const LaneOperand<T>& mask = call.in[1];
  for (size_t i = 0; i < call.size(); i += columns) {
    if (call.operands > 1 && mask.shared == nullptr) {
      SoftmaxRowByPrompt(columns, a + i * kLanes, mask.values + i * kLanes, call.out + i * kLanes);
    } else {
      const T* row = call.operands > 1 ? mask.shared + i : nullptr;
      SoftmaxRow(columns, a + i * kLanes, row, call.out + i * kLanes);
    }
  }
}

template <class T>
void Backward(const ops::Softmax&, const LaneCall<T>& call) {
  const size_t columns = call.columns;
  for (size_t i = 0; i < call.size(); i += columns) {
    const auto mean = Dot(columns, call.out + i * kLanes, call.dout + i * kLanes);
    for (size_t e = i; e < i + columns; ++e)
      call.in[0].give(hn::Mul(Get(call.out, e), hn::Sub(Get(call.dout, e), mean)), e);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
