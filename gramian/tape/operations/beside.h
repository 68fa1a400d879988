// beside: (a b), the columns of a and then those of b. da and db are the columns of dy. Both are
// copies; one of a and b may be shared by all prompts.
#ifndef GRAMIAN_TAPE_OPERATIONS_BESIDE_H
#define GRAMIAN_TAPE_OPERATIONS_BESIDE_H

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct Beside {
  static constexpr Traits kTraits{.operands = 2, .may_be_shared = 0b11};

  Shapes::Result shape(const Shapes& in) const {
    if (in[0].rows != in[1].rows) return broken("the numbers of rows differ");
    return Shape{in[0].rows, in[0].columns + in[1].columns};
  }
  void reference(const Operands& in, Numbers out) const {
    out.fill([&](std::size_t i, std::size_t j) {
      return j < in[0].columns ? in[0].at(i, j) : in[1].at(i, j - in[0].columns);
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
void Forward(const ops::Beside&, const LaneCall<T>& call) {
  T* out = call.out;
  ByParts(call, call.in[0].columns, call.in[1].columns,
          [&](size_t e, const LaneOperand<T>& from, size_t part)
              HWY_ATTR { Put<T>(from.at(part), out, e); });
}

template <class T>
void Backward(const ops::Beside&, const LaneCall<T>& call) {
  const T* dout = call.dout;
  ByParts(call, call.in[0].columns, call.in[1].columns,
          [&](size_t e, const LaneOperand<T>& to, size_t part) HWY_ATTR {
            if (to.wanted()) to.give(Get(dout, e), part);
          });
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
