// rms_normalise: each row divided by its root mean square (Zhang and Sennrich 2019), without gain:
//
//     y_ij = k_i a_ij,    k_i = 1 / sqrt(mean_j a_ij^2 + epsilon),
//     da_i = k_i (dy_i - y_i mean of (dy_i y_i)).
//
// Times 1 / sqrt(columns) it makes rows of length 1. The forward pass keeps k [rows].
#ifndef GRAMIAN_TAPE_OPERATIONS_RMS_NORMALISE_H
#define GRAMIAN_TAPE_OPERATIONS_RMS_NORMALISE_H

#include <cmath>

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct RmsNormalise {
  double epsilon = 1e-5;

  Shapes::Result shape(const Shapes& in) const {
    if (!(epsilon > 0)) return broken(fmt::format("epsilon must be > 0, got {}", epsilon));
    return in[0];
  }
  void reference(const Operands& in, Numbers out) const {
    const auto& a = in[0];
    for (std::size_t i = 0; i < a.rows; ++i) {
      double squares = 0;
      for (std::size_t k = 0; k < a.columns; ++k) squares += a.at(i, k) * a.at(i, k);
      const double length = std::sqrt(squares / static_cast<double>(a.columns) + epsilon);
      for (std::size_t k = 0; k < a.columns; ++k) out.at(i, k) = a.at(i, k) / length;
    }
  }
  std::size_t kept(const Shapes& in) const { return static_cast<std::size_t>(in[0].rows); }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::RmsNormalise& norm, const LaneCall<T>& call) {
  const Tag<T> d;
  const size_t columns = call.columns;
  const auto share = hn::Set(d, T(1) / static_cast<T>(columns));
  for (size_t i = 0; i < call.rows; ++i) {
    const T* from = call.in[0].values + i * columns * kLanes;
    T* to = call.out + i * columns * kLanes;
    const auto square =
        hn::MulAdd(Dot(columns, from, from), share, hn::Set(d, static_cast<T>(norm.epsilon)));
    const auto inverse = hn::Div(hn::Set(d, T(1)), hn::Sqrt(square));
    Put<T>(inverse, call.kept, i);
    for (size_t j = 0; j < columns; ++j) Put<T>(hn::Mul(Get(from, j), inverse), to, j);
  }
}

template <class T>
void Backward(const ops::RmsNormalise&, const LaneCall<T>& call) {
  const size_t columns = call.columns;
  const auto share = hn::Set(Tag<T>(), T(1) / static_cast<T>(columns));
  for (size_t i = 0; i < call.rows; ++i) {
    const T *yi = call.out + i * columns * kLanes, *di = call.dout + i * columns * kLanes;
    const auto along = hn::Mul(Dot(columns, yi, di), share);
    for (size_t j = 0; j < columns; ++j) {
      const auto rest = hn::NegMulAdd(Get(yi, j), along, Get(di, j));
      call.in[0].give(hn::Mul(Get(call.kept, i), rest), i * columns + j);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
