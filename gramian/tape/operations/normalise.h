// normalise: each row to mean 0 and variance 1, which is layer normalisation (Ba et al. 2016)
// without gain and bias; these are times and sum with one row:
//
//     y_ij = k_i (a_ij - mean of a_i),    k_i = 1 / sqrt(variance of a_i + epsilon),
//     da_i = k_i (dy_i - mean of dy_i - y_i mean of (dy_i y_i)).
//
// The forward pass keeps k [rows].
#ifndef GRAMIAN_TAPE_OPERATIONS_NORMALISE_H
#define GRAMIAN_TAPE_OPERATIONS_NORMALISE_H

#include <cmath>

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct Normalise {
  double epsilon = 1e-5;

  Shapes::Result shape(const Shapes& in) const {
    if (!(epsilon > 0)) return broken(fmt::format("epsilon must be > 0, got {}", epsilon));
    return in[0];
  }
  void reference(const Operands& in, Numbers out) const {
    const auto& a = in[0];
    const auto count = static_cast<double>(a.columns);
    for (std::size_t i = 0; i < a.rows; ++i) {
      double mean = 0, variance = 0;
      for (std::size_t k = 0; k < a.columns; ++k) mean += a.at(i, k) / count;
      for (std::size_t k = 0; k < a.columns; ++k)
        variance += (a.at(i, k) - mean) * (a.at(i, k) - mean) / count;
      for (std::size_t k = 0; k < a.columns; ++k)
        out.at(i, k) = (a.at(i, k) - mean) / std::sqrt(variance + epsilon);
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
void Forward(const ops::Normalise& norm, const LaneCall<T>& call) {
  const Tag<T> d;
  const size_t columns = call.columns;
  const T* from = call.in[0].values;
  T* to = call.out;
  const auto share = hn::Set(d, T(1) / static_cast<T>(columns));
  for (size_t i = 0; i < call.rows; ++i, from += columns * kLanes, to += columns * kLanes) {
    auto mean = hn::Zero(d);
    for (size_t j = 0; j < columns; ++j) mean = hn::Add(mean, Get(from, j));
    mean = hn::Mul(mean, share);
    auto squares = hn::Zero(d);
    for (size_t j = 0; j < columns; ++j) {
      const auto x = hn::Sub(Get(from, j), mean);
      Put<T>(x, to, j);
      squares = hn::MulAdd(x, x, squares);
    }
    const auto inverse =
        hn::Div(hn::Set(d, T(1)),
                hn::Sqrt(hn::MulAdd(squares, share, hn::Set(d, static_cast<T>(norm.epsilon)))));
    Put<T>(inverse, call.kept, i);
    for (size_t j = 0; j < columns; ++j) Put<T>(hn::Mul(Get(to, j), inverse), to, j);
  }
}

template <class T>
void Backward(const ops::Normalise&, const LaneCall<T>& call) {
  const Tag<T> d;
  const size_t columns = call.columns;
  const auto share = hn::Set(d, T(1) / static_cast<T>(columns));
  for (size_t i = 0; i < call.rows; ++i) {
    const T *yi = call.out + i * columns * kLanes, *di = call.dout + i * columns * kLanes;
    auto mean = hn::Zero(d);
    for (size_t j = 0; j < columns; ++j) mean = hn::Add(mean, Get(di, j));
    mean = hn::Mul(mean, share);
    const auto along = hn::Mul(Dot(columns, yi, di), share);
    for (size_t j = 0; j < columns; ++j) {
      const auto rest = hn::NegMulAdd(Get(yi, j), along, hn::Sub(Get(di, j), mean));
      call.in[0].give(hn::Mul(Get(call.kept, i), rest), i * columns + j);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
