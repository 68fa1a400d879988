// cosine_distance: sum_i (1 - cos(a_i, b_i)) over the rows of a and b, [1, 1], with
//
//     cos(a, b) = <a, b> / (|a| |b|),    |x| = sqrt(sum_j x_j^2 + epsilon),
//     da_i = -(b_i / |b_i| - cos a_i / |a_i|) / |a_i| dy, and the same for b.
//
// The forward pass keeps 1 / |a_i|, 1 / |b_i| and the cosine [rows, 3].
#ifndef GRAMIAN_TAPE_OPERATIONS_COSINE_DISTANCE_H
#define GRAMIAN_TAPE_OPERATIONS_COSINE_DISTANCE_H

#include <cmath>

#include "gramian/tape/operation.h"

namespace gramian::ops {

struct CosineDistance {
  static constexpr Traits kTraits{.operands = 2};

  double epsilon = 1e-12;

  Shapes::Result shape(const Shapes& in) const {
    if (!(epsilon > 0)) return broken(fmt::format("epsilon must be > 0, got {}", epsilon));
    return loss_of_two(in);
  }
  void reference(const Operands& in, Numbers out) const {
    const auto &a = in[0], &b = in[1];
    out[0] = 0;
    for (std::size_t i = 0; i < a.rows; ++i) {
      double both = 0, of_a = epsilon, of_b = epsilon;
      for (std::size_t j = 0; j < a.columns; ++j) {
        both += a.at(i, j) * b.at(i, j);
        of_a += a.at(i, j) * a.at(i, j);
        of_b += b.at(i, j) * b.at(i, j);
      }
      out[0] += 1 - both / std::sqrt(of_a * of_b);
    }
  }
  std::size_t kept(const Shapes& in) const { return 3 * static_cast<std::size_t>(in[0].rows); }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::CosineDistance& distance, const LaneCall<T>& call) {
  const Tag<T> d;
  const size_t rows = call.in[0].rows, columns = call.in[0].columns;
  const auto one = hn::Set(d, T(1)), epsilon = hn::Set(d, static_cast<T>(distance.epsilon));
  auto sum = hn::Zero(d);
  for (size_t i = 0; i < rows; ++i) {
    const T *a = call.in[0].values + i * columns * kLanes,
            *b = call.in[1].values + i * columns * kLanes;
    const auto of_a = hn::Div(one, hn::Sqrt(hn::Add(Dot(columns, a, a), epsilon)));
    const auto of_b = hn::Div(one, hn::Sqrt(hn::Add(Dot(columns, b, b), epsilon)));
    const auto cosine = hn::Mul(Dot(columns, a, b), hn::Mul(of_a, of_b));
    sum = hn::Add(sum, hn::Sub(one, cosine));
    Put<T>(of_a, call.kept, 3 * i);
    Put<T>(of_b, call.kept, 3 * i + 1);
    Put<T>(cosine, call.kept, 3 * i + 2);
  }
  Put<T>(sum, call.out);
}

template <class T>
void Backward(const ops::CosineDistance&, const LaneCall<T>& call) {
  const LaneOperand<T>&a = call.in[0], &b = call.in[1];
  const auto dloss = Get(call.dout);
  for (size_t i = 0; i < a.rows; ++i) {
    const auto of_a = Get(call.kept, 3 * i), of_b = Get(call.kept, 3 * i + 1),
               cosine = Get(call.kept, 3 * i + 2);
    for (size_t e = i * a.columns; e < (i + 1) * a.columns; ++e) {
      const auto x = hn::Mul(Get(a.values, e), of_a), y = hn::Mul(Get(b.values, e), of_b);
      if (a.wanted()) a.give(hn::Mul(hn::Mul(dloss, of_a), hn::MulSub(cosine, x, y)), e);
      if (b.wanted()) b.give(hn::Mul(hn::Mul(dloss, of_b), hn::MulSub(cosine, y, x)), e);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
