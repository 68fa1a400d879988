#include "gramian/lanes/sums.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gramian/lanes/sums.cpp"
#include <hwy/foreach_target.h>
// clang-format off
#include "gramian/lanes/tag-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

// The register of sums, and as many numbers of type T as it has lanes.
using Sum = Tag<double>;
template <class T>
using Summand = hn::Rebind<T, Sum>;

HWY_INLINE hn::Vec<Sum> InDouble(hn::Vec<Summand<float>> x) { return hn::PromoteTo(Sum(), x); }
HWY_INLINE hn::Vec<Sum> InDouble(hn::Vec<Sum> x) { return x; }

// The sum of a register by halves. A scalar one has none.
template <class D>
HWY_INLINE double SumOfHalves([[maybe_unused]] D d, hn::Vec<D> x) {
#if HWY_TARGET == HWY_SCALAR
  return hn::GetLane(x);
#else
  if constexpr (hn::MaxLanes(d) == 1) {
    return hn::GetLane(x);
  } else {
    const hn::Half<D> half;
    return SumOfHalves(half, hn::Add(hn::LowerHalf(half, x), hn::UpperHalf(half, x)));
  }
#endif
}

// term(v): a register of numbers of type T, those of lanes v and on.
template <class Term>
HWY_INLINE double SumOfLanes(const Term& term) {
  constexpr size_t kWidth = hn::MaxLanes(Sum());
  hn::Vec<Sum> sum[kLanes / kWidth];
  HWY_UNROLL(16)
  for (size_t k = 0; k < kLanes / kWidth; ++k) sum[k] = InDouble(term(k * kWidth));
  HWY_UNROLL(4)
  for (size_t half = kLanes / kWidth / 2; half > 0; half /= 2) {
    HWY_UNROLL(8)
    for (size_t k = 0; k < half; ++k) sum[k] = hn::Add(sum[k], sum[k + half]);
  }
  return SumOfHalves(Sum(), sum[0]);
}

template <class T>
void SumLanes(LaneView<const T> rows, double* HWY_RESTRICT sums) {
  const Summand<T> d;
  for (size_t i = 0; i < rows.rows(); ++i) {
    const T* row = rows.lanes(i);
    sums[i] = SumOfLanes([&](size_t v) HWY_ATTR { return hn::Load(d, row + v); });
  }
}

template <class T>
void AddLaneProducts(LaneView<const T> rows, double* HWY_RESTRICT square) {
  const Summand<T> d;
  for (size_t i = 0; i < rows.rows(); ++i) {
    const T* a = rows.lanes(i);
    for (size_t j = 0; j <= i; ++j) {
      const T* b = rows.lanes(j);
      square[i * rows.rows() + j] += SumOfLanes(
          [&](size_t v) HWY_ATTR { return hn::Mul(hn::Load(d, a + v), hn::Load(d, b + v)); });
    }
  }
}

void SumLanesFloat(LaneView<const float> rows, double* sums) { SumLanes(rows, sums); }
void SumLanesDouble(LaneView<const double> rows, double* sums) { SumLanes(rows, sums); }
void AddLaneProductsFloat(LaneView<const float> rows, double* s) { AddLaneProducts(rows, s); }
void AddLaneProductsDouble(LaneView<const double> rows, double* s) { AddLaneProducts(rows, s); }

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gramian {

HWY_EXPORT(SumLanesFloat);
HWY_EXPORT(SumLanesDouble);
HWY_EXPORT(AddLaneProductsFloat);
HWY_EXPORT(AddLaneProductsDouble);

void sum_lanes(LaneView<const float> rows, double* sums) {
  HWY_DYNAMIC_DISPATCH(SumLanesFloat)(rows, sums);
}
void sum_lanes(LaneView<const double> rows, double* sums) {
  HWY_DYNAMIC_DISPATCH(SumLanesDouble)(rows, sums);
}
void add_lane_products(LaneView<const float> rows, double* square) {
  HWY_DYNAMIC_DISPATCH(AddLaneProductsFloat)(rows, square);
}
void add_lane_products(LaneView<const double> rows, double* square) {
  HWY_DYNAMIC_DISPATCH(AddLaneProductsDouble)(rows, square);
}

}  // namespace gramian
#endif
