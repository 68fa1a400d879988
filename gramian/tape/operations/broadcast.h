// broadcast: one row, one column or one number, repeated to the shape [rows, columns]. da is the
// sum of dy over what an element was repeated to. For sum, times and division it is not needed:
// they take such a second operand as it is. What all prompts share becomes a matrix of each prompt,
// which every operation can take.
#ifndef GRAMIAN_TAPE_OPERATIONS_BROADCAST_H
#define GRAMIAN_TAPE_OPERATIONS_BROADCAST_H

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct Broadcast {
  static constexpr Traits kTraits{.may_be_shared = 0b1, .makes_prompts = true};

  int rows = 1, columns = 1;

  Shapes::Result shape(const Shapes& in) const {
    const bool row = in[0].rows == 1 || in[0].rows == rows;
    const bool column = in[0].columns == 1 || in[0].columns == columns;
    if (!row || !column)
      return broken(fmt::format("it cannot be repeated to [{}, {}]", rows, columns));
    return Shape{rows, columns};
  }
  void reference(const Operands& in, Numbers out) const {
    const auto& a = in[0];
    out.fill([&](std::size_t i, std::size_t j) {
      return a.at(a.rows == 1 ? 0 : i, a.columns == 1 ? 0 : j);
    });
  }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::Broadcast&, const LaneCall<T>& call) {
  const LaneOperand<T>& a = call.in[0];
  for (size_t i = 0; i < call.rows; ++i) {
    const size_t first = (a.rows == 1 ? 0 : i) * a.columns;
    for (size_t j = 0; j < call.columns; ++j)
      Put<T>(a.at(first + (a.columns == 1 ? 0 : j)), call.out, i * call.columns + j);
  }
}

template <class T>
void Backward(const ops::Broadcast&, const LaneCall<T>& call) {
  const LaneOperand<T>& a = call.in[0];
  const size_t down = a.rows == 1 ? call.rows : 1, across = a.columns == 1 ? call.columns : 1;
  for (size_t e = 0; e < a.size(); ++e) {
    const size_t first = e / a.columns * call.columns + e % a.columns;
    auto sum = hn::Zero(Tag<T>());
    for (size_t i = 0; i < down; ++i) {
      for (size_t j = 0; j < across; ++j)
        sum = hn::Add(sum, Get(call.dout, first + i * call.columns + j));
    }
    a.give(sum, e);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
