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

#include "gramian/base/assert.h"
#include "gramian/lanes/tag-inl.h"
#include "gramian/random/philox-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

HWY_INLINE auto ToReal(Tag<float> d, hn::Vec<hn::RebindToSigned<Tag<float>>> x) {
  return hn::ConvertTo(d, x);
}
HWY_INLINE auto ToReal(Tag<double> d, hn::Vec<hn::Rebind<int32_t, Tag<double>>> x) {
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

// Coefficients of sin a / a and cos a in powers of -a^2: 1 / (2k + 1)! and 1 / (2k)!. At
// |a| <= pi / 4 the first terms left out are below half an ulp of the type.
inline constexpr double kSine[] = {1.0,
                                   1.0 / 6,
                                   1.0 / 120,
                                   1.0 / 5040,
                                   1.0 / 362880,
                                   1.0 / 39916800,
                                   1.0 / 6227020800,
                                   1.0 / 1307674368000,
                                   1.0 / 355687428096000};
inline constexpr double kCosine[] = {
    1.0,           1.0 / 2,         1.0 / 24,          1.0 / 720,           1.0 / 40320,
    1.0 / 3628800, 1.0 / 479001600, 1.0 / 87178291200, 1.0 / 20922789888000};

template <class D>
HWY_INLINE hn::Vec<D> Series(D d, const double (&coefficients)[9], hn::Vec<D> negative_square) {
  using T = hn::TFromD<D>;
  constexpr int kTerms = sizeof(T) == 4 ? 5 : 9;
  auto sum = hn::Set(d, static_cast<T>(coefficients[kTerms - 1]));
  for (int k = kTerms - 2; k >= 0; --k) {
    sum = hn::MulAdd(sum, negative_square, hn::Set(d, static_cast<T>(coefficients[k])));
  }
  return sum;
}

// Box-Muller: two words give two independent N(0, 1). The angle's word is cut into 30 bits for
// an angle in (-pi/4, pi/4), one that says whether to exchange sine and cosine, and one for
// the sign of the cosine: the four quarters of the circle, without a range reduction.
template <class D>
HWY_INLINE void BoxMuller(D d, const uint32_t* HWY_RESTRICT radius_words,
                          const uint32_t* HWY_RESTRICT angle_words, hn::Vec<D>& first,
                          hn::Vec<D>& second) {
  using T = hn::TFromD<D>;
  const hn::Rebind<uint32_t, D> du;
  const hn::Rebind<int32_t, D> di;
  const auto log_unit = hn::Log(d, UnitFromWords(d, radius_words));
  // Rounding may put log(1) a hair above zero.
  const auto radius = hn::Sqrt(hn::Max(hn::Mul(hn::Set(d, T(-2)), log_unit), hn::Zero(d)));

  const auto word = hn::Load(du, angle_words);
  const auto fraction =
      hn::ShiftRight<2>(hn::BitCast(di, hn::ShiftLeft<2>(word)));        // the low 30 bits, signed
  constexpr double kQuarterPi30 = 0.78539816339744830962 / 536870912.0;  // pi/4 / 2^29
  const auto angle =
      hn::Mul(hn::Add(ToReal(d, fraction), hn::Set(d, T(0.5))), hn::Set(d, T(kQuarterPi30)));
  const auto negative_square = hn::Neg(hn::Mul(angle, angle));
  const auto sine = hn::Mul(angle, Series(d, kSine, negative_square));
  const auto cosine =
      hn::CopySign(Series(d, kCosine, negative_square), ToReal(d, hn::BitCast(di, word)));
  const auto exchange = hn::Lt(ToReal(d, hn::BitCast(di, hn::ShiftLeft<1>(word))), hn::Zero(d));
  first = hn::Mul(radius, hn::IfThenElse(exchange, sine, cosine));
  second = hn::Mul(radius, hn::IfThenElse(exchange, cosine, sine));
}

// out: [count rounded up to a multiple of 4, lanes] independent N(0, 1), from the
// draws first_draw, first_draw + 1, ... (four normals a draw).
template <class T>
HWY_NOINLINE void FillNormals(const PhiloxAddress& address, uint32_t first_draw, size_t count,
                              T* HWY_RESTRICT out) {
  GRAMIAN_ASSERT(count == 0 || out != nullptr);
  GRAMIAN_ASSERT(count <= 4 * (uint64_t{UINT32_MAX} - first_draw));
  const Tag<T> d;
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
HWY_NOINLINE void FillUniforms(const PhiloxAddress& address, uint32_t first_draw, size_t count,
                               T half_width, T* HWY_RESTRICT out) {
  GRAMIAN_ASSERT(count == 0 || out != nullptr);
  GRAMIAN_ASSERT(count <= 4 * (uint64_t{UINT32_MAX} - first_draw));
  const Tag<T> d;
  HWY_ALIGN uint32_t words[4 * kLanes];
  for (size_t i = 0; i < count; i += 4) {
    PhiloxLanes(address, first_draw + static_cast<uint32_t>(i / 4), words);
    for (size_t w = 0; w < 4 * kLanes; w += hn::Lanes(d)) {
      hn::Store(hn::Mul(SignedFromWords(d, words + w), hn::Set(d, half_width)), d,
                out + i * kLanes + w);
    }
  }
}

// Draws that a pair of chi variates may consume: rejection accepts over 95% at once, so
// 64 failures in a row do not happen (< 1e-80).
inline constexpr uint32_t kChiAttempts = 64;

// Marsaglia and Tsang (2000) for half a chi-square with k degrees of freedom: Gamma(k / 2).
struct ChiLaw {
  explicit ChiLaw(double degrees)
      : k(degrees),
        scale(degrees / 2 - 1.0 / 3),
        slope(1 / (3 * __builtin_sqrt(degrees / 2 - 1.0 / 3))) {}
  double k, scale, slope;
};

// One attempt with a normal x and a uniform `unit`: where the result is true, `chi` is a draw.
template <class D>
HWY_INLINE hn::Mask<D> TryChi(D d, const ChiLaw& law, hn::Vec<D> x, hn::Vec<D> unit,
                              hn::Vec<D>& chi) {
  using T = hn::TFromD<D>;
  if (law.k < 1.5) {  // one degree of freedom
    chi = hn::Abs(x);
    return hn::Eq(x, x);
  }
  const auto y = hn::Mul(x, hn::Set(d, T(law.slope)));
  const auto base = hn::Add(y, hn::Set(d, T(1)));
  const auto positive = hn::Gt(base, hn::Zero(d));
  const auto cube = hn::Mul(base, hn::Mul(base, base));
  chi = hn::Sqrt(hn::Mul(hn::Set(d, T(2 * law.scale)), hn::Max(cube, hn::Zero(d))));
  // Marsaglia and Tsang's squeeze first: it decides nearly all lanes without a logarithm.
  const auto x2 = hn::Mul(x, x);
  auto accept =
      hn::Lt(unit, hn::NegMulAdd(hn::Mul(x2, x2), hn::Set(d, T(0.0331)), hn::Set(d, T(1))));
  if (!hn::AllTrue(d, accept)) {
    // log u < x^2/2 + s (1 - (1+y)^3 + 3 log(1+y)), with the cancelling terms of the bracket
    // taken out by hand so that float survives a large k.
    const auto safe = hn::IfThenElse(positive, y, hn::Zero(d));
    const auto bracket =
        hn::NegMulAdd(hn::Mul(safe, safe), hn::Add(safe, hn::Set(d, T(3))),
                      hn::Mul(hn::Set(d, T(3)), hn::Sub(hn::Log1p(d, safe), safe)));
    const auto bound =
        hn::MulAdd(hn::Set(d, T(law.scale)), bracket, hn::Mul(x2, hn::Set(d, T(0.5))));
    accept = hn::Or(accept, hn::Lt(hn::Log(d, unit), bound));
  }
  return hn::And(accept, positive);
}

// out0, out1: [lanes], square roots of chi-squares with k0, k1 >= 1 degrees of freedom. Two at a
// time because one draw has two normals and two uniforms. Each lane repeats until accepted.
template <class T>
HWY_NOINLINE void FillChiPair(const PhiloxAddress& address, uint32_t first_draw, double k0,
                              double k1, T* HWY_RESTRICT out0, T* HWY_RESTRICT out1) {
  GRAMIAN_ASSERT(k0 >= 1 && k1 >= 1);
  GRAMIAN_ASSERT(out0 != nullptr && out1 != nullptr && out0 != out1);
  const Tag<T> d;
  const ChiLaw law0(k0), law1(k1);
  HWY_ALIGN uint32_t words[4 * kLanes];
  for (size_t i = 0; i < kLanes; ++i) out0[i] = out1[i] = T(-1);  // still waiting
  for (uint32_t attempt = 0; attempt < kChiAttempts; ++attempt) {
    PhiloxLanes(address, first_draw + attempt, words);
    bool all_done = true;
    const auto keep = [&](const ChiLaw& law, Vec<T> x, const uint32_t* unit, T* out) HWY_ATTR {
      auto chi = hn::Zero(d);
      const auto accept = TryChi(d, law, x, UnitFromWords(d, unit), chi);
      const auto before = hn::Load(d, out);
      const auto after = hn::IfThenElse(hn::And(accept, hn::Lt(before, hn::Zero(d))), chi, before);
      hn::Store(after, d, out);
      all_done = all_done && hn::AllTrue(d, hn::Ge(after, hn::Zero(d)));
    };
    for (size_t v = 0; v < kLanes; v += hn::Lanes(d)) {
      auto x0 = hn::Zero(d), x1 = hn::Zero(d);
      BoxMuller(d, words + v, words + kLanes + v, x0, x1);
      keep(law0, x0, words + 2 * kLanes + v, out0 + v);
      keep(law1, x1, words + 3 * kLanes + v, out1 + v);
    }
    if (all_done) return;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
