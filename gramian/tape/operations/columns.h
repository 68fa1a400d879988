// columns: a copy of `count` columns of a from column `first` on. da = dy in these columns, and
// nothing in the others.
#ifndef GRAMIAN_TAPE_OPERATIONS_COLUMNS_H
#define GRAMIAN_TAPE_OPERATIONS_COLUMNS_H

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct Columns {
  static constexpr Traits kTraits{.partial_adjoint = true};

  int first = 0, count = 1;

  Shapes::Result shape(const Shapes& in) const {
    if (first < 0 || count < 1 || count > in[0].columns - first)
      return broken(fmt::format("there are {}", in[0].columns));
    return Shape{in[0].rows, count};
  }
  void reference(const Operands& in, Numbers out) const {
    out.fill([&](std::size_t i, std::size_t j) {
      return in[0].at(i, j + static_cast<std::size_t>(first));
    });
  }
  std::string title(const char* name) const {
    return fmt::format("{} {} to {}", name, first, first + count - 1);
  }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::Columns& slice, const LaneCall<T>& call) {
  const LaneOperand<T>& a = call.in[0];
  const auto first = static_cast<size_t>(slice.first);
  for (size_t i = 0; i < call.rows; ++i) {
    for (size_t j = 0; j < call.columns; ++j)
      Put<T>(Get(a.values, i * a.columns + first + j), call.out, i * call.columns + j);
  }
}

template <class T>
void Backward(const ops::Columns& slice, const LaneCall<T>& call) {
  const LaneOperand<T>& a = call.in[0];
  const auto first = static_cast<size_t>(slice.first);
  for (size_t i = 0; i < call.rows; ++i) {
    for (size_t j = 0; j < call.columns; ++j)
      a.give(Get(call.dout, i * call.columns + j), i * a.columns + first + j);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
