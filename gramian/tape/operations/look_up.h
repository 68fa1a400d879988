// look_up: rows of a table by their index, as in the embedding of symbols:
//
//     y_ij = table[index_i, j],    dtable[index_i, j] += dy_ij.
//
// table [symbols, width], shared by all prompts or not; index [n, 1] holds integers in
// [0, symbols), an input of each prompt. The result is [n, width]. Precondition: every index is in
// range. Nothing flows back into the indices.
#ifndef GRAMIAN_TAPE_OPERATIONS_LOOK_UP_H
#define GRAMIAN_TAPE_OPERATIONS_LOOK_UP_H

#include "gramian/base/assert.h"
#include "gramian/tape/operation.h"

namespace gramian::ops {

struct LookUp {
  static constexpr Traits kTraits{
      .operands = 2, .may_be_shared = 0b01, .no_gradient = 0b10, .partial_adjoint = true};

  Shapes::Result shape(const Shapes& in) const {
    if (in[1].columns != 1) return broken("the indices must be one column");
    return Shape{in[1].rows, in[0].columns};
  }
  void reference(const Operands& in, Numbers out) const {
    out.fill([&](std::size_t i, std::size_t j) {
      const auto index = static_cast<std::size_t>(in[1][i]);
      GRAMIAN_ASSERT(index < in[0].rows);
      return in[0].at(index, j);
    });
  }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

// body(i, lane, row of the table) for each index of the prompts of this register.
template <class T, class Body>
HWY_INLINE void ByIndices(const LaneCall<T>& call, Body body) {
  for (size_t i = 0; i < call.rows; ++i) {
    for (size_t lane = 0; lane < hn::Lanes(Tag<T>()); ++lane) {
      const auto row = static_cast<size_t>(call.in[1].values[i * kLanes + lane]);
      GRAMIAN_ASSERT(row < call.in[0].rows);
      body(i, lane, row);
    }
  }
}

template <class T>
void Forward(const ops::LookUp&, const LaneCall<T>& call) {
  const LaneOperand<T>& table = call.in[0];
  const size_t columns = call.columns;
  ByIndices(call, [&](size_t i, size_t lane, size_t row) HWY_ATTR {
    T* to = call.out + i * columns * kLanes + lane;
    for (size_t j = 0; j < columns; ++j) {
      to[j * kLanes] = table.shared != nullptr ? table.shared[row * columns + j]
                                               : table.values[(row * columns + j) * kLanes + lane];
    }
  });
}

template <class T>
void Backward(const ops::LookUp&, const LaneCall<T>& call) {
  const size_t columns = call.columns;
  ByIndices(call, [&](size_t i, size_t lane, size_t row) HWY_ATTR {
    const T* from = call.dout + i * columns * kLanes + lane;
    T* to = call.in[0].adjoint + row * columns * kLanes + lane;
    for (size_t j = 0; j < columns; ++j) to[j * kLanes] += from[j * kLanes];
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
