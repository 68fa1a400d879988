// cross_entropy: of a class for each row, -sum_i log softmax(a_i)[class_i], [1, 1]:
//
//     y = sum_i (log sum_j exp(a_ij) - a_i,class_i),
//     da_ij = (softmax(a_i)_j - [j = class_i]) dy.
//
// a [n, classes]; class [n, 1] holds integers in [0, classes), or a negative number for a row that
// does not count, such as padding. In nats; a mean over rows is a scale. The largest score of a row
// is subtracted first. Nothing flows back into the classes. The forward pass keeps softmax(a).
#ifndef GRAMIAN_TAPE_OPERATIONS_CROSS_ENTROPY_H
#define GRAMIAN_TAPE_OPERATIONS_CROSS_ENTROPY_H

#include <algorithm>
#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/tape/operation.h"

namespace gramian::ops {

struct CrossEntropy {
  static constexpr Traits kTraits{.operands = 2, .no_gradient = 0b10};

  Shapes::Result shape(const Shapes& in) const {
    if (in[1] != Shape{in[0].rows, 1})
      return broken("the classes must be one column, one for each row");
    return Shape{1, 1};
  }
  void reference(const Operands& in, Numbers out) const {
    const auto& a = in[0];
    out[0] = 0;
    for (std::size_t i = 0; i < a.rows; ++i) {
      if (in[1][i] < 0) continue;
      const auto wanted = static_cast<std::size_t>(in[1][i]);
      GRAMIAN_ASSERT(wanted < a.columns);
      double largest = a.at(i, 0), sum = 0;
      for (std::size_t j = 1; j < a.columns; ++j) largest = std::max(largest, a.at(i, j));
      for (std::size_t j = 0; j < a.columns; ++j) sum += std::exp(a.at(i, j) - largest);
      out[0] += std::log(sum) + largest - a.at(i, wanted);
    }
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
void Forward(const ops::CrossEntropy&, const LaneCall<T>& call) {
  const Tag<T> d;
  const auto zero = hn::Zero(d);
  const size_t columns = call.in[0].columns;
  auto loss = zero;
  for (size_t i = 0; i < call.in[0].rows; ++i) {
    const T* a = call.in[0].values + i * columns * kLanes;
    T* share = call.kept + i * columns * kLanes;
    const auto wanted = Get(call.in[1].values, i);
    auto largest = Get(a, 0);
    for (size_t j = 1; j < columns; ++j) largest = hn::Max(largest, Get(a, j));
    auto sum = zero, score = zero;  // score: of the class, below the largest
    for (size_t j = 0; j < columns; ++j) {
      const auto below = hn::Sub(Get(a, j), largest);
      const auto power = hn::Exp(d, hn::Max(below, hn::Set(d, T(-80))));
      sum = hn::Add(sum, power);
      Put<T>(power, share, j);
      score = hn::IfThenElse(hn::Eq(wanted, hn::Set(d, static_cast<T>(j))), below, score);
    }
    const auto inverse = hn::Div(hn::Set(d, T(1)), sum);
    for (size_t j = 0; j < columns; ++j) Put<T>(hn::Mul(Get(share, j), inverse), share, j);
    const auto of_row = hn::Sub(hn::Log(d, sum), score);
    loss = hn::Add(loss, hn::IfThenElseZero(hn::Ge(wanted, zero), of_row));
  }
  Put<T>(loss, call.out);
}

template <class T>
void Backward(const ops::CrossEntropy&, const LaneCall<T>& call) {
  const Tag<T> d;
  const LaneOperand<T>& a = call.in[0];
  const auto dloss = Get(call.dout);
  for (size_t i = 0; i < a.rows; ++i) {
    const auto wanted = Get(call.in[1].values, i);
    const auto counts = hn::IfThenElseZero(hn::Ge(wanted, hn::Zero(d)), dloss);
    for (size_t j = 0; j < a.columns; ++j) {
      const auto hit = hn::Eq(wanted, hn::Set(d, static_cast<T>(j)));
      const auto share = Get(call.kept, i * a.columns + j);
      const auto slope = hn::IfThenElse(hit, hn::Sub(share, hn::Set(d, T(1))), share);
      a.give(hn::Mul(counts, slope), i * a.columns + j);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
