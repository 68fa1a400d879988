// rows: `count` rows of a from row `first` on. The result shares the memory of a, and its adjoint
// is a part of that of a: nothing is computed or copied in either direction.
#ifndef GRAMIAN_TAPE_OPERATIONS_ROWS_H
#define GRAMIAN_TAPE_OPERATIONS_ROWS_H

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct Rows {
  static constexpr Traits kTraits{.partial_adjoint = true, .view = true};

  int first = 0, count = 1;

  Shapes::Result shape(const Shapes& in) const {
    if (first < 0 || count < 1 || count > in[0].rows - first)
      return broken(fmt::format("there are {}", in[0].rows));
    return Shape{count, in[0].columns};
  }
  void reference(const Operands& in, Numbers out) const {
    out.fill([&](std::size_t i, std::size_t j) {
      return in[0].at(i + static_cast<std::size_t>(first), j);
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
void Forward(const ops::Rows&, const LaneCall<T>&) {}
template <class T>
void Backward(const ops::Rows&, const LaneCall<T>&) {}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
