// elu: x where x > 0 and exp(x) - 1 elsewhere (Clevert et al. 2015), for each element. With
// plus_one it is elu(x) + 1, the feature of linear attention (Katharopoulos et al. 2020), computed
// as exp(x) where x <= 0, so that it stays positive however small it is. dx = dy where x > 0 and
// exp(x) dy elsewhere.
#ifndef GRAMIAN_TAPE_OPERATIONS_ELU_H
#define GRAMIAN_TAPE_OPERATIONS_ELU_H

#include <cmath>

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct Elu {
  bool plus_one = false;

  double value(double x) const {
    if (plus_one) return x > 0 ? x + 1 : std::exp(x);
    return x > 0 ? x : std::expm1(x);
  }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::Elu& elu, const LaneCall<T>& call) {
  const Tag<T> d;
  const auto zero = hn::Zero(d), one = hn::Set(d, T(1));
  if (elu.plus_one) {
    return ByElements(call, [&](Vec<T> x) HWY_ATTR {
      return hn::IfThenElse(hn::Gt(x, zero), hn::Add(x, one), hn::Exp(d, hn::Min(x, zero)));
    });
  }
  ByElements(call, [&](Vec<T> x) HWY_ATTR {
    return hn::IfThenElse(hn::Gt(x, zero), x, hn::Expm1(d, hn::Min(x, zero)));
  });
}

template <class T>
void Backward(const ops::Elu& elu, const LaneCall<T>& call) {
  const Tag<T> d;
  const auto one = hn::Set(d, T(1)), rest = hn::Set(d, elu.plus_one ? T(0) : T(1));
  const T *out = call.out, *dout = call.dout;
  // Where x <= 0, exp(x) is y, or y + 1, and at most 1.
  GiveElements(call, [&](size_t e) HWY_ATTR {
    return hn::Mul(Get(dout, e), hn::Min(hn::Add(Get(out, e), rest), one));
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
