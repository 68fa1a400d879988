// Uniform, normal and chi draws over lanes. Per-target header.
//
// Every draw starts from 32-bit words, in float and in double, so that a float
// prompt is its double prompt up to rounding.
#if defined(GRAMIAN_RANDOM_NORMAL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_RANDOM_NORMAL_INL_H
#undef GRAMIAN_RANDOM_NORMAL_INL_H
#else
#define GRAMIAN_RANDOM_NORMAL_INL_H
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "gramian/random/philox-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using LaneTag = hn::CappedTag<T, kLanes>;

HWY_INLINE auto ToReal(LaneTag<float> d, hn::Vec<hn::RebindToSigned<LaneTag<float>>> x) { return hn::ConvertTo(d, x); }
HWY_INLINE auto ToReal(LaneTag<double> d, hn::Vec<hn::Rebind<int32_t, LaneTag<double>>> x) {
  return hn::PromoteTo(d, x);
}

// (x + 1/2) 2^-32 in (0, 1]. Small values keep their full relative precision,
// which is what the tail of a normal needs.
template <class D>
HWY_INLINE hn::Vec<D> UnitFromWords(D d, const uint32_t* HWY_RESTRICT words) {
  using T = hn::TFromD<D>;
  const hn::Rebind<uint32_t, D> du;
  const hn::Rebind<int32_t, D> di;
  const auto x = hn::Load(du, words);
  const auto high = ToReal(d, hn::BitCast(di, hn::ShiftRight<16>(x)));
  const auto low = ToReal(d, hn::BitCast(di, hn::And(x, hn::Set(du, 0xFFFFu))));
  const auto sum = hn::MulAdd(high, hn::Set(d, T(65536)), hn::Add(low, hn::Set(d, T(0.5))));
  return hn::Mul(sum, hn::Set(d, T(1.0 / 4294967296.0)));
}

// (x + 1/2) 2^-31 in [-1, 1], x read as signed.
template <class D>
HWY_INLINE hn::Vec<D> SignedFromWords(D d, const uint32_t* HWY_RESTRICT words) {
  using T = hn::TFromD<D>;
  const hn::Rebind<uint32_t, D> du;
  const hn::Rebind<int32_t, D> di;
  const auto x = ToReal(d, hn::BitCast(di, hn::Load(du, words)));
  return hn::Mul(hn::Add(x, hn::Set(d, T(0.5))), hn::Set(d, T(1.0 / 2147483648.0)));
}

// Box-Muller: two words give two independent N(0, 1).
template <class D>
HWY_INLINE void BoxMuller(D d, const uint32_t* HWY_RESTRICT radius_words, const uint32_t* HWY_RESTRICT angle_words,
                          hn::Vec<D>& first, hn::Vec<D>& second) {
  using T = hn::TFromD<D>;
  const auto log_unit = hn::Log(d, UnitFromWords(d, radius_words));
  // Rounding may put log(1) a hair above zero.
  const auto radius = hn::Sqrt(hn::Max(hn::Mul(hn::Set(d, T(-2)), log_unit), hn::Zero(d)));
  const auto angle = hn::Mul(SignedFromWords(d, angle_words), hn::Set(d, T(3.14159265358979323846)));
  first = hn::Mul(radius, hn::Cos(d, angle));
  second = hn::Mul(radius, hn::Sin(d, angle));
}

// out: [count rounded up to a multiple of 4, lanes] independent N(0, 1), from the
// draws first_draw, first_draw + 1, ... (four normals a draw).
template <class T>
HWY_NOINLINE void FillNormals(const PhiloxAddress& address, uint32_t first_draw, size_t count, T* HWY_RESTRICT out) {
  const LaneTag<T> d;
  HWY_ALIGN uint32_t words[4 * kLanes];
  for (size_t i = 0; i < count; i += 4) {
    PhiloxLanes(address, first_draw + static_cast<uint32_t>(i / 4), words);
    T* row = out + i * kLanes;
    for (size_t v = 0; v < kLanes; v += hn::Lanes(d)) {
      auto a = hn::Zero(d), b = hn::Zero(d);
      BoxMuller(d, words + v, words + kLanes + v, a, b);
      hn::Store(a, d, row + v);
      hn::Store(b, d, row + kLanes + v);
      BoxMuller(d, words + 2 * kLanes + v, words + 3 * kLanes + v, a, b);
      hn::Store(a, d, row + 2 * kLanes + v);
      hn::Store(b, d, row + 3 * kLanes + v);
    }
  }
}

// out: [count rounded up to a multiple of 4, lanes] independent U(-half_width, half_width).
template <class T>
HWY_NOINLINE void FillUniforms(const PhiloxAddress& address, uint32_t first_draw, size_t count, T half_width,
                               T* HWY_RESTRICT out) {
  const LaneTag<T> d;
  HWY_ALIGN uint32_t words[4 * kLanes];
  for (size_t i = 0; i < count; i += 4) {
    PhiloxLanes(address, first_draw + static_cast<uint32_t>(i / 4), words);
    for (size_t w = 0; w < 4 * kLanes; w += hn::Lanes(d)) {
      hn::Store(hn::Mul(SignedFromWords(d, words + w), hn::Set(d, half_width)), d, out + i * kLanes + w);
    }
  }
}

// Draws that one chi variate may consume: rejection accepts over 95% at once, so
// 64 failures in a row do not happen (< 1e-80).
inline constexpr uint32_t kChiAttempts = 64;

// out: [lanes], the square root of a chi-square with k >= 1 degrees of freedom.
// Marsaglia and Tsang (2000) for Gamma(k / 2), each lane repeating until accepted.
template <class T>
HWY_NOINLINE void FillChi(const PhiloxAddress& address, uint32_t first_draw, double k, T* HWY_RESTRICT out) {
  const LaneTag<T> d;
  HWY_ALIGN uint32_t words[4 * kLanes];
  if (k < 1.5) {  // one degree of freedom: |z|
    PhiloxLanes(address, first_draw, words);
    for (size_t v = 0; v < kLanes; v += hn::Lanes(d)) {
      auto a = hn::Zero(d), b = hn::Zero(d);
      BoxMuller(d, words + v, words + kLanes + v, a, b);
      hn::Store(hn::Abs(a), d, out + v);
    }
    return;
  }
  const double scale = k / 2 - 1.0 / 3;
  const double slope = 1 / (3 * __builtin_sqrt(scale));
  HWY_ALIGN T pending[kLanes];  // 1 where the lane still waits
  for (int p = 0; p < kLanes; ++p) pending[p] = T(1);
  for (uint32_t attempt = 0; attempt < kChiAttempts; ++attempt) {
    PhiloxLanes(address, first_draw + attempt, words);
    bool all_done = true;
    for (size_t v = 0; v < kLanes; v += hn::Lanes(d)) {
      const auto waiting = hn::Gt(hn::Load(d, pending + v), hn::Zero(d));
      auto x = hn::Zero(d), unused = hn::Zero(d);
      BoxMuller(d, words + v, words + kLanes + v, x, unused);
      const auto unit = UnitFromWords(d, words + 2 * kLanes + v);
      const auto y = hn::Mul(x, hn::Set(d, T(slope)));
      const auto base = hn::Add(y, hn::Set(d, T(1)));
      const auto positive = hn::Gt(base, hn::Zero(d));
      const auto cube = hn::Mul(base, hn::Mul(base, base));
      // Squeeze first: it settles nearly all lanes without a logarithm.
      const auto x2 = hn::Mul(x, x);
      auto accept = hn::Lt(unit, hn::NegMulAdd(hn::Mul(x2, x2), hn::Set(d, T(0.0331)), hn::Set(d, T(1))));
      if (!hn::AllTrue(d, accept)) {
        // log u < x^2/2 + s (1 - (1+y)^3 + 3 log(1+y)), with the cancelling terms
        // of the bracket taken out by hand so that float survives a large k.
        const auto safe = hn::IfThenElse(positive, y, hn::Zero(d));
        const auto bracket = hn::NegMulAdd(hn::Mul(safe, safe), hn::Add(safe, hn::Set(d, T(3))),
                                           hn::Mul(hn::Set(d, T(3)), hn::Sub(hn::Log1p(d, safe), safe)));
        const auto bound = hn::MulAdd(hn::Set(d, T(scale)), bracket, hn::Mul(x2, hn::Set(d, T(0.5))));
        accept = hn::Or(accept, hn::Lt(hn::Log(d, unit), bound));
      }
      accept = hn::And(hn::And(accept, positive), waiting);
      const auto chi = hn::Sqrt(hn::Mul(hn::Set(d, T(2 * scale)), hn::Max(cube, hn::Zero(d))));
      hn::Store(hn::IfThenElse(accept, chi, hn::Load(d, out + v)), d, out + v);
      const auto left = hn::AndNot(accept, waiting);
      hn::Store(hn::IfThenElseZero(left, hn::Set(d, T(1))), d, pending + v);
      all_done = all_done && hn::AllFalse(d, left);
    }
    if (all_done) return;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
