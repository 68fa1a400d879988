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
#include "gramian/random/chi_law.h"
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

// A number with the sign of x.
HWY_INLINE auto SignOf(Tag<float> d, hn::Vec<hn::RebindToSigned<Tag<float>>> x) {
  return hn::BitCast(d, x);
}
HWY_INLINE auto SignOf(Tag<double> d, hn::Vec<hn::Rebind<int32_t, Tag<double>>> x) {
  return hn::PromoteTo(d, x);
}

// `yes` where the sign bit of x is set, whatever the other bits are: they may be those of a NaN,
// which is not below zero, so that the choice is one between integers.
template <class D, class V>
HWY_INLINE V IfSignBit(D d, V x, V yes, V no) {
  const hn::RebindToSigned<D> di;
  return hn::BitCast(
      d, hn::IfNegativeThenElse(hn::BitCast(di, x), hn::BitCast(di, yes), hn::BitCast(di, no)));
}

// x + 1/2 in (0, 2^32]. Small values keep their full relative precision, which is what the tail of
// a normal needs. In float the integer is rounded first, on every instruction set.
template <class D>
HWY_INLINE hn::Vec<D> HalfAbove(D d, const uint32_t* HWY_RESTRICT words) {
  using T = hn::TFromD<D>;
  const hn::Rebind<uint32_t, D> du;
  const hn::Rebind<int32_t, D> di;
  const auto x = hn::Load(du, words);
#if HWY_TARGET == HWY_AVX3
  if constexpr (sizeof(T) == 4) return hn::Add(hn::ConvertTo(d, x), hn::Set(d, T(0.5)));
#endif
  const auto high = ToReal(d, hn::BitCast(di, hn::ShiftRight<16>(x)));
  const auto low = ToReal(d, hn::BitCast(di, hn::And(x, hn::Set(du, 0xFFFFu))));
  return hn::Add(hn::MulAdd(high, hn::Set(d, T(65536)), low), hn::Set(d, T(0.5)));
}

// (x + 1/2) 2^-32 in (0, 1].
template <class D>
HWY_INLINE hn::Vec<D> UnitFromWords(D d, const uint32_t* HWY_RESTRICT words) {
  using T = hn::TFromD<D>;
  return hn::Mul(HalfAbove(d, words), hn::Set(d, T(1.0 / 4294967296.0)));
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

// -2 log(1 + f) / f in powers of f for 1/sqrt(2) <= 1 + f < sqrt(2): minimax, to a relative 2.6e-8.
inline constexpr float kLogarithm[] = {-1.9999999484f, 0.9999997595f,  -0.6666837130f,
                                       0.5000414629f,  -0.3991366386f, 0.3312482573f,
                                       -0.2990460618f, 0.2873344122f,  -0.1744421037f};

// -2 log u with u = (x + 1/2) 2^-32, never below zero. The float form takes u apart into a power of
// two and a mantissa by its bits; at u = 1 it is exactly zero.
HWY_INLINE Vec<float> RadiusSquare(Tag<float> d, const uint32_t* HWY_RESTRICT words) {
  const hn::RebindToSigned<Tag<float>> di;
  constexpr int32_t kRootHalf = 0x3F3504F3;  // the bits of 1/sqrt(2)
  const auto bits = hn::Sub(hn::BitCast(di, HalfAbove(d, words)),
                            hn::Set(di, kRootHalf + (32 << 23)));  // of u, above 1/sqrt(2)
  const auto exponent = hn::ConvertTo(d, hn::ShiftRight<23>(bits));
  const auto mantissa = hn::Add(hn::And(bits, hn::Set(di, 0x7FFFFF)), hn::Set(di, kRootHalf));
  const auto f = hn::Sub(hn::BitCast(d, mantissa), hn::Set(d, 1.0f));
  constexpr int kTerms = sizeof(kLogarithm) / sizeof(kLogarithm[0]);
  auto sum = hn::Set(d, kLogarithm[kTerms - 1]);
  for (int k = kTerms - 2; k >= 0; --k) sum = hn::MulAdd(sum, f, hn::Set(d, kLogarithm[k]));
  return hn::MulAdd(sum, f, hn::Mul(exponent, hn::Set(d, -1.3862943611198906f)));
}
HWY_INLINE Vec<double> RadiusSquare(Tag<double> d, const uint32_t* HWY_RESTRICT words) {
  // Rounding may put log(1) a hair above zero.
  return hn::Max(hn::Mul(hn::Set(d, -2.0), hn::Log(d, UnitFromWords(d, words))), hn::Zero(d));
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
  const auto radius = hn::Sqrt(RadiusSquare(d, radius_words));

  const auto word = hn::Load(du, angle_words);
  const auto fraction =
      hn::ShiftRight<2>(hn::BitCast(di, hn::ShiftLeft<2>(word)));        // the low 30 bits, signed
  constexpr double kQuarterPi30 = 0.78539816339744830962 / 536870912.0;  // pi/4 / 2^29
  const auto angle =
      hn::Mul(hn::Add(ToReal(d, fraction), hn::Set(d, T(0.5))), hn::Set(d, T(kQuarterPi30)));
  const auto negative_square = hn::Neg(hn::Mul(angle, angle));
  const auto sine = hn::Mul(angle, Series(d, kSine, negative_square));
  const auto cosine =
      hn::CopySign(Series(d, kCosine, negative_square), SignOf(d, hn::BitCast(di, word)));
  const auto exchange = SignOf(d, hn::BitCast(di, hn::ShiftLeft<1>(word)));
  first = hn::Mul(radius, IfSignBit(d, exchange, sine, cosine));
  second = hn::Mul(radius, IfSignBit(d, exchange, cosine, sine));
}

// out: [count rounded up to a multiple of 4, lanes] independent N(0, 1), from the
// draws first_draw, first_draw + 1, ... (four normals a draw).
template <class T>
HWY_NOINLINE void FillNormals(const LaneWords& stream, uint32_t first_draw, size_t count,
                              T* HWY_RESTRICT out) {
  GRAMIAN_ASSERT(count == 0 || out != nullptr);
  GRAMIAN_ASSERT(count <= 4 * (uint64_t{UINT32_MAX} - first_draw));
  const Tag<T> d;
  HWY_ALIGN uint32_t words[8 * kLanes];
  const auto store = [&](const uint32_t* of, T* row) HWY_ATTR {
    for (size_t v = 0; v < kLanes; v += hn::Lanes(d)) {
      auto a = hn::Zero(d), b = hn::Zero(d);
      BoxMuller(d, of + v, of + kLanes + v, a, b);
      hn::Store(a, d, row + v);
      hn::Store(b, d, row + kLanes + v);
    }
  };
  size_t i = 0;
  for (; i + 4 < count; i += 8) {
    stream.Draw<2>(first_draw + static_cast<uint32_t>(i / 4), words);
    for (size_t pair = 0; pair < 4; ++pair)
      store(words + pair * 2 * kLanes, out + (i + pair * 2) * kLanes);
  }
  if (i < count) {
    stream.Draw(first_draw + static_cast<uint32_t>(i / 4), words);
    for (size_t pair = 0; pair < 2; ++pair)
      store(words + pair * 2 * kLanes, out + (i + pair * 2) * kLanes);
  }
}

// out: [count rounded up to a multiple of 4, lanes] independent U(-half_width, half_width).
template <class T>
HWY_NOINLINE void FillUniforms(const LaneWords& stream, uint32_t first_draw, size_t count,
                               T half_width, T* HWY_RESTRICT out) {
  GRAMIAN_ASSERT(count == 0 || out != nullptr);
  GRAMIAN_ASSERT(count <= 4 * (uint64_t{UINT32_MAX} - first_draw));
  const Tag<T> d;
  HWY_ALIGN uint32_t words[4 * kLanes];
  for (size_t i = 0; i < count; i += 4) {
    stream.Draw(first_draw + static_cast<uint32_t>(i / 4), words);
    for (size_t w = 0; w < 4 * kLanes; w += hn::Lanes(d)) {
      hn::Store(hn::Mul(SignedFromWords(d, words + w), hn::Set(d, half_width)), d,
                out + i * kLanes + w);
    }
  }
}

// Draws that a pair of chi variates may consume: rejection accepts over 95% at once, so
// 64 failures in a row do not happen (< 1e-80).
inline constexpr uint32_t kChiAttempts = 64;

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
  const auto x2 = hn::Mul(x, x);
  auto accept =
      hn::Lt(unit, hn::NegMulAdd(hn::Mul(x2, x2), hn::Set(d, T(law.squeeze)), hn::Set(d, T(1))));
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

// One attempt for two chi variates from one draw, which has two normals and two uniforms. Lanes of
// out0 and out1, [lanes], that hold no draw are negative; with `first` no lane holds one yet. True
// if all lanes hold draws now.
template <class T>
HWY_INLINE bool TryChiPair(bool first, const uint32_t* words, const ChiLaw& law0,
                           const ChiLaw& law1, T* HWY_RESTRICT out0, T* HWY_RESTRICT out1) {
  const Tag<T> d;
  bool all_done = true;
  const auto keep = [&](const ChiLaw& law, Vec<T> x, const uint32_t* unit, T* out) HWY_ATTR {
    auto chi = hn::Zero(d);
    const auto accept = TryChi(d, law, x, UnitFromWords(d, unit), chi);
    auto after = hn::IfThenElse(accept, chi, hn::Set(d, T(-1)));
    if (!first) {
      const auto before = hn::Load(d, out);
      after = hn::IfNegativeThenElse(before, after, before);
    }
    hn::Store(after, d, out);
    all_done = hn::AllTrue(d, hn::Ge(after, hn::Zero(d))) && all_done;
  };
  for (size_t v = 0; v < kLanes; v += hn::Lanes(d)) {
    auto x0 = hn::Zero(d), x1 = hn::Zero(d);
    BoxMuller(d, words + v, words + kLanes + v, x0, x1);
    keep(law0, x0, words + 2 * kLanes + v, out0 + v);
    keep(law1, x1, words + 3 * kLanes + v, out1 + v);
  }
  return all_done;
}

// out: [count, stride, lanes], of which the first of each `stride` rows are written: square roots
// of chi-squares of these laws (chi_laws(), of `count`). Two come from one draw, and four are made
// at a time; each lane repeats until accepted. Pair j has the draws from
// first_draw + j kChiAttempts on.
template <class T>
HWY_NOINLINE void FillChis(const LaneWords& stream, uint32_t first_draw, const ChiLaw* laws,
                           size_t count, T* HWY_RESTRICT out, size_t stride) {
  GRAMIAN_ASSERT(count >= 1 && laws != nullptr);
  GRAMIAN_ASSERT(out != nullptr && stride >= 1);
  HWY_ALIGN uint32_t words[8 * kLanes];
  HWY_ALIGN T spare[kLanes];  // the second of the last pair of an odd count
  const auto finish = [&](size_t i, const uint32_t* drawn) HWY_ATTR {
    const bool pair = i + 1 < count;
    const ChiLaw &law0 = laws[i], &law1 = laws[i + 1];
    T* out0 = out + i * stride * kLanes;
    T* out1 = pair ? out0 + stride * kLanes : spare;
    bool done = TryChiPair(true, drawn, law0, law1, out0, out1);
    HWY_ALIGN uint32_t more[4 * kLanes];
    for (uint32_t attempt = 1; attempt < kChiAttempts && !done; ++attempt) {
      stream.Draw(first_draw + static_cast<uint32_t>(i / 2) * kChiAttempts + attempt, more);
      done = TryChiPair(false, more, law0, law1, out0, out1);
    }
  };
  for (size_t i = 0; i < count; i += 4) {
    stream.Draw<2>(first_draw + static_cast<uint32_t>(i / 2) * kChiAttempts, words, kChiAttempts);
    finish(i, words);
    if (i + 2 < count) finish(i + 2, words + 4 * kLanes);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
