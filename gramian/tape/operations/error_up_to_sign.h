// error_up_to_sign: the squared distance of vectors whose signs mean nothing, such as eigenvectors,
// which are the columns of a and b:
//
//     sum_j min(|a_j - b_j|^2, |a_j + b_j|^2),    s_j = 1 where <a_j, b_j> >= 0, otherwise -1,
//     da_j = 2 (a_j - s_j b_j) dy,    db_j = 2 (b_j - s_j a_j) dy.
//
// [1, 1]. The forward pass keeps s [columns].
#ifndef GRAMIAN_TAPE_OPERATIONS_ERROR_UP_TO_SIGN_H
#define GRAMIAN_TAPE_OPERATIONS_ERROR_UP_TO_SIGN_H

#include <algorithm>

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct ErrorUpToSign {
  static constexpr Traits kTraits{.operands = 2};

  Shapes::Result shape(const Shapes& in) const { return loss_of_two(in); }
  void reference(const Operands& in, Numbers out) const {
    const auto &a = in[0], &b = in[1];
    out[0] = 0;
    for (std::size_t j = 0; j < a.columns; ++j) {
      double minus = 0, plus = 0;
      for (std::size_t i = 0; i < a.rows; ++i) {
        minus += (a.at(i, j) - b.at(i, j)) * (a.at(i, j) - b.at(i, j));
        plus += (a.at(i, j) + b.at(i, j)) * (a.at(i, j) + b.at(i, j));
      }
      out[0] += std::min(minus, plus);
    }
  }
  std::size_t kept(const Shapes& in) const { return static_cast<std::size_t>(in[0].columns); }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::ErrorUpToSign&, const LaneCall<T>& call) {
  const Tag<T> d;
  const T *a = call.in[0].values, *b = call.in[1].values;
  const size_t rows = call.in[0].rows, columns = call.in[0].columns;
  auto sum = hn::Zero(d);
  for (size_t j = 0; j < columns; ++j) {
    auto both = hn::Zero(d);
    for (size_t e = j; e < rows * columns; e += columns)
      both = hn::MulAdd(Get(a, e), Get(b, e), both);
    const auto sign =
        hn::IfThenElse(hn::Ge(both, hn::Zero(d)), hn::Set(d, T(1)), hn::Set(d, T(-1)));
    for (size_t e = j; e < rows * columns; e += columns) {
      const auto r = hn::NegMulAdd(sign, Get(b, e), Get(a, e));
      sum = hn::MulAdd(r, r, sum);
    }
    Put<T>(sign, call.kept, j);
  }
  Put<T>(sum, call.out);
}

template <class T>
void Backward(const ops::ErrorUpToSign&, const LaneCall<T>& call) {
  const LaneOperand<T>&a = call.in[0], &b = call.in[1];
  const auto twice = hn::Mul(hn::Set(Tag<T>(), T(2)), Get(call.dout));
  for (size_t e = 0; e < a.size(); ++e) {
    const auto sign = Get(call.kept, e % a.columns);
    const auto r = hn::Mul(twice, hn::NegMulAdd(sign, Get(b.values, e), Get(a.values, e)));
    if (a.wanted()) a.give(r, e);
    if (b.wanted()) b.give(hn::Neg(hn::Mul(sign, r)), e);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
