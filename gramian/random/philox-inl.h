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

// The words of sixteen prompts, draw by draw: what a seed and a step fix is computed once.
//
// Lanes lie as the even and the odd ones of 64-bit numbers, of which the product reads the lower
// half. The upper halves hold what is left of earlier rounds and are never looked at, so that a
// round has two products, two shifts and two exclusive ors for each half. The words of a draw but
// for the one with the prompt are the same in all lanes, and so are half of the first three rounds.
class LaneWords {
  using D = hn::CappedTag<uint32_t, kLanes>;
  using V = hn::Vec<D>;

 public:
  explicit LaneWords(const PhiloxAddress& address) : address_(address) {
    key0_[0] = static_cast<uint32_t>(address.seed);
    key1_[0] = static_cast<uint32_t>(address.seed >> 32);
    for (int round = 1; round < kPhiloxRounds; ++round) {
      key0_[round] = key0_[round - 1] + kPhiloxWeyl0;
      key1_[round] = key1_[round - 1] + kPhiloxWeyl1;
    }
  }

  // words: [kDraws, 4, lanes], the four output words of draws `draw`, `draw` + `stride`, .. of each
  // lane's prompt. Two draws at a time hide the latency of each other's products.
  template <size_t kDraws = 1>
  HWY_INLINE void Draw(uint32_t draw, uint32_t* HWY_RESTRICT words, uint32_t stride = 1) const {
    GRAMIAN_ASSERT(words != nullptr);
#if HWY_TARGET == HWY_SCALAR  // one lane has no even and odd
    for (size_t k = 0; k < kDraws; ++k) {
      for (size_t p = 0; p < kLanes; ++p) {
        const auto four = philox({key0_[0], key1_[0]}, {draw + static_cast<uint32_t>(k) * stride,
                                                        address_.first + static_cast<uint32_t>(p),
                                                        address_.step, address_.stream});
        for (size_t w = 0; w < 4; ++w) words[(k * 4 + w) * kLanes + p] = four[w];
      }
    }
#else
    const D d;
    const hn::Repartition<uint64_t, D> wide;
    Shared shared[kDraws];
    for (size_t k = 0; k < kDraws; ++k)
      shared[k] = FirstRounds(draw + static_cast<uint32_t>(k) * stride);
    for (size_t v = 0; v < kLanes; v += hn::Lanes(d)) {
      const V prompt = hn::Iota(d, address_.first + static_cast<uint32_t>(v));
      V out[kDraws * 2][4];  // the even lanes and the odd ones of each draw
      Rounds(shared, prompt, out);
      HWY_UNROLL(2)
      for (size_t k = 0; k < kDraws; ++k) {
        HWY_UNROLL(4)
        for (size_t w = 0; w < 4; ++w) {
          const V odd = hn::BitCast(d, hn::ShiftLeft<32>(hn::BitCast(wide, out[2 * k + 1][w])));
          hn::Store(hn::OddEven(odd, out[2 * k][w]), d, words + (k * 4 + w) * kLanes + v);
        }
      }
    }
#endif
  }

 private:
#if HWY_TARGET != HWY_SCALAR
  // What the first three rounds make of the words that all lanes share: high and low halves of
  // products, with the key and the other word of the exclusive or where that is shared too.
  struct Shared {
    uint32_t first, second_low, second, third_low, third;
  };
  HWY_INLINE Shared FirstRounds(uint32_t draw) const {
    const uint64_t draw_product = uint64_t{kPhiloxMultiplier0} * draw;
    const uint64_t step_product = uint64_t{kPhiloxMultiplier1} * address_.step;
    const auto high = [](uint64_t x) { return static_cast<uint32_t>(x >> 32); };
    const auto low = [](uint64_t x) { return static_cast<uint32_t>(x); };
    // After round one the word c2 is shared, and after round two c0 and c1 are.
    const uint32_t c2 = high(draw_product) ^ address_.stream ^ key1_[0];
    const uint64_t c2_product = uint64_t{kPhiloxMultiplier1} * c2;
    const uint32_t c0 = high(c2_product) ^ low(step_product) ^ key0_[1];
    const uint64_t c0_product = uint64_t{kPhiloxMultiplier0} * c0;
    return {.first = high(step_product) ^ key0_[0],
            .second_low = low(c2_product) ^ key0_[2],
            .second = low(draw_product) ^ key1_[1],
            .third_low = low(c0_product),
            .third = high(c0_product) ^ key1_[2]};
  }

  static HWY_INLINE V Upper(V x) {
    const D d;
    const hn::Repartition<uint64_t, D> wide;
    return hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(wide, x)));
  }
  static HWY_INLINE V Product(V x, uint32_t multiplier) {
    const D d;
    return hn::BitCast(d, hn::MulEven(x, hn::Set(d, multiplier)));
  }

  // out: the four words of the even lanes of the prompts, and of the odd ones, for each draw.
  template <size_t kDraws>
  HWY_INLINE void Rounds(const Shared (&shared)[kDraws], V prompt, V (&out)[2 * kDraws][4]) const {
    const D d;
    const V prompts[2] = {prompt, Upper(prompt)};
    HWY_UNROLL(4)
    for (size_t k = 0; k < 2 * kDraws; ++k) {
      const Shared& s = shared[k / 2];
      const V first = hn::Xor(prompts[k % 2], hn::Set(d, s.first));
      const V second = Product(first, kPhiloxMultiplier0);
      const V third = Product(hn::Xor(Upper(second), hn::Set(d, s.second)), kPhiloxMultiplier1);
      out[k][0] = hn::Xor(Upper(third), hn::Set(d, s.second_low));
      out[k][1] = third;
      out[k][2] = hn::Xor(second, hn::Set(d, s.third));
      out[k][3] = hn::Set(d, s.third_low);
    }
    HWY_UNROLL(7)
    for (int round = 3; round < kPhiloxRounds; ++round) {
      const V key0 = hn::Set(d, key0_[round]), key1 = hn::Set(d, key1_[round]);
      HWY_UNROLL(4)
      for (size_t k = 0; k < 2 * kDraws; ++k) {
        V* c = out[k];
        const V product0 = Product(c[0], kPhiloxMultiplier0);
        const V product1 = Product(c[2], kPhiloxMultiplier1);
        c[0] = hn::Xor(hn::Xor(Upper(product1), c[1]), key0);
        c[2] = hn::Xor(hn::Xor(Upper(product0), c[3]), key1);
        c[1] = product1;
        c[3] = product0;
      }
    }
  }
#endif

  PhiloxAddress address_;
  uint32_t key0_[kPhiloxRounds], key1_[kPhiloxRounds];
};

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
