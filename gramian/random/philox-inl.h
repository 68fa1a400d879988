// Philox over lanes. Per-target header: include inside foreach_target only.
#if defined(GRAMIAN_RANDOM_PHILOX_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_RANDOM_PHILOX_INL_H
#undef GRAMIAN_RANDOM_PHILOX_INL_H
#else
#define GRAMIAN_RANDOM_PHILOX_INL_H
#endif

#include <hwy/highway.h>

#include "gramian/base/assert.h"
#include "gramian/lanes/block.h"
#include "gramian/random/philox.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// High and low halves of the 32 x 32 bit products of every lane.
template <class D, class V>
HWY_INLINE void MultiplyWide(D d, V a, V multiplier, V& high, V& low) {
#if HWY_TARGET == HWY_SCALAR  // one lane has no even and odd
  const uint64_t product = uint64_t{hn::GetLane(a)} * hn::GetLane(multiplier);
  high = hn::Set(d, static_cast<uint32_t>(product >> 32));
  low = hn::Set(d, static_cast<uint32_t>(product));
#else
  const hn::Repartition<uint64_t, D> wide;
  const auto even = hn::MulEven(a, multiplier);
  const auto odd =
      hn::MulEven(hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(wide, a))), multiplier);
  const auto upper = hn::Set(wide, 0xFFFFFFFF00000000ull);
  high = hn::BitCast(d, hn::Or(hn::ShiftRight<32>(even), hn::And(odd, upper)));
  low = hn::BitCast(d, hn::Or(hn::AndNot(upper, even), hn::ShiftLeft<32>(odd)));
#endif
}

// words: [4, lanes], the four output words of draw number `draw` of each lane's prompt.
HWY_INLINE void PhiloxLanes(const PhiloxAddress& address, uint32_t draw,
                            uint32_t* HWY_RESTRICT words) {
  GRAMIAN_ASSERT(words != nullptr);
  const hn::CappedTag<uint32_t, kLanes> d;
  using V = hn::Vec<decltype(d)>;
  const V m0 = hn::Set(d, kPhiloxMultiplier0);
  const V m1 = hn::Set(d, kPhiloxMultiplier1);
  for (size_t v = 0; v < kLanes; v += hn::Lanes(d)) {
    uint32_t key0 = static_cast<uint32_t>(address.seed);
    uint32_t key1 = static_cast<uint32_t>(address.seed >> 32);
    V c0 = hn::Set(d, draw);
    V c1 = hn::Iota(d, address.first + static_cast<uint32_t>(v));
    V c2 = hn::Set(d, address.step);
    V c3 = hn::Set(d, address.stream);
    for (int round = 0; round < kPhiloxRounds; ++round) {
      V high0, low0, high1, low1;
      MultiplyWide(d, c0, m0, high0, low0);
      MultiplyWide(d, c2, m1, high1, low1);
      c0 = hn::Xor(hn::Xor(high1, c1), hn::Set(d, key0));
      c2 = hn::Xor(hn::Xor(high0, c3), hn::Set(d, key1));
      c1 = low1;
      c3 = low0;
      key0 += kPhiloxWeyl0;
      key1 += kPhiloxWeyl1;
    }
    hn::Store(c0, d, words + 0 * kLanes + v);
    hn::Store(c1, d, words + 1 * kLanes + v);
    hn::Store(c2, d, words + 2 * kLanes + v);
    hn::Store(c3, d, words + 3 * kLanes + v);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
