// Tiles of causal softmax attention: a register of queries against keys, or of keys against
// queries. Per-target header.
#if defined(GRAMIAN_SEQUENCE_SOFTMAX_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_SEQUENCE_SOFTMAX_INL_H
#undef GRAMIAN_SEQUENCE_SOFTMAX_INL_H
#else
#define GRAMIAN_SEQUENCE_SOFTMAX_INL_H
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "gramian/base/aligned.h"
#include "gramian/base/assert.h"
#include "gramian/sequence/softmax.h"
#include "gramian/sequence/tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr size_t kSoftmaxBlock = 32;  // keys, or queries, that a tile meets at once

template <class T>
HWY_INLINE TileVec<T> Power(TileVec<T> x) {
  const TileTag<T> d;
  return hn::Exp(d, hn::Max(x, hn::Set(d, T(-80))));
}

template <class T>
HWY_INLINE void ScaleAll(TileVec<T> factor, size_t count, T* HWY_RESTRICT numbers) {
  const TileTag<T> d;
  const size_t lanes = hn::Lanes(d);
  for (size_t e = 0; e < count; ++e)
    hn::Store(hn::Mul(factor, hn::Load(d, numbers + e * lanes)), d, numbers + e * lanes);
}

// The maximum and the sum of the powers of scores so far, for each query of a tile.
template <class T>
class RunningSums {
  using V = TileVec<T>;

 public:
  // Query `lane` reads the keys up to `position + lane`.
  explicit RunningSums(size_t position)
      : position_(hn::Iota(TileTag<T>(), static_cast<T>(position))),
        most_(hn::Set(TileTag<T>(), T(-1e30))),
        sum_(hn::Zero(TileTag<T>())) {}

  // Puts exp(score - maximum) of the keys [first, first + count), 0 where a query may not read, in
  // place of the scores. Returns the factor by which older sums must be scaled.
  V Add(size_t first, size_t count, T* HWY_RESTRICT scores) {
    const TileTag<T> d;
    const size_t lanes = hn::Lanes(d);
    V most = most_;
    for (size_t j = 0; j < count; ++j) {
      const auto seen = hn::IfThenElse(Reads(first + j), hn::Load(d, scores + j * lanes), most_);
      most = hn::Max(most, seen);
    }
    const V factor = Power<T>(hn::Sub(most_, most));
    most_ = most;
    sum_ = hn::Mul(sum_, factor);
    for (size_t j = 0; j < count; ++j) {
      const V power = Power<T>(hn::Sub(hn::Load(d, scores + j * lanes), most_));
      const V weight = hn::IfThenElseZero(Reads(first + j), power);
      sum_ = hn::Add(sum_, weight);
      hn::Store(weight, d, scores + j * lanes);
    }
    return factor;
  }
  V Sum() const { return sum_; }
  V Most() const { return most_; }

 private:
  hn::Mask<TileTag<T>> Reads(size_t key) const {
    return hn::Ge(position_, hn::Set(TileTag<T>(), static_cast<T>(key)));
  }

  V position_, most_, sum_;
};

template <class T>
void CheckSoftmax(const SoftmaxInput<T>& in) {
  GRAMIAN_ASSERT(in.key >= 1 && in.key <= kMaxMixerSize);
  GRAMIAN_ASSERT(in.value >= 1 && in.value <= kMaxMixerSize);
  GRAMIAN_ASSERT(in.queries <= in.keys && in.keys < (size_t{1} << 24));
}

template <class T>
void SoftmaxForward(const SoftmaxInput<T>& in, const Rows<T>& o) {
  CheckSoftmax(in);
  const TileTag<T> d;
  const size_t lanes = hn::Lanes(d), past = in.keys - in.queries;
  AlignedArray<T> query(in.key * lanes), sums(in.value * lanes), weights(kSoftmaxBlock * lanes);
  for (size_t t = 0; t < in.queries; t += lanes) {
    const size_t count = std::min(lanes, in.queries - t), end = past + t + count;
    LoadTile(in.q, t, count, in.key, in.scale, query.data());
    sums.zero();
    RunningSums<T> running(past + t);
    for (size_t s = 0; s < end; s += kSoftmaxBlock) {
      const size_t keys = std::min(kSoftmaxBlock, end - s);
      Scores(query.data(), in.key, in.k, s, keys, weights.data());
      ScaleAll<T>(running.Add(s, keys, weights.data()), in.value, sums.data());
      AddRows(weights.data(), in.v, s, keys, in.value, sums.data());
    }
    ScaleAll<T>(hn::Div(hn::Set(d, T(1)), running.Sum()), in.value, sums.data());
    StoreTile(sums.data(), t, count, in.value, o);
  }
}

// What the second pass of the adjoint needs of each query: log sum exp of its scores, and
// mean = sum_s p_ts dp_ts with dp_ts = dout_t . v_s.
template <class T>
struct SoftmaxSums {
  std::vector<T> log_sum, mean;
};

// dq_t = scale sum_s p_ts (dp_ts - mean_t) k_s, from the two sums over p dp k and p k.
template <class T>
void QueryPass(const SoftmaxInput<T>& in, const Rows<const T>& dout, const Rows<T>& dq,
               SoftmaxSums<T>& sums) {
  const TileTag<T> d;
  const size_t lanes = hn::Lanes(d), past = in.keys - in.queries;
  AlignedArray<T> query(in.key * lanes), slope(in.value * lanes), weights(kSoftmaxBlock * lanes),
      slopes(kSoftmaxBlock * lanes), with_slope(in.key * lanes), plain(in.key * lanes);
  for (size_t t = 0; t < in.queries; t += lanes) {
    const size_t count = std::min(lanes, in.queries - t), end = past + t + count;
    LoadTile(in.q, t, count, in.key, in.scale, query.data());
    LoadTile(dout, t, count, in.value, T(1), slope.data());
    with_slope.zero();
    plain.zero();
    RunningSums<T> running(past + t);
    auto mean = hn::Zero(d);
    for (size_t s = 0; s < end; s += kSoftmaxBlock) {
      const size_t keys = std::min(kSoftmaxBlock, end - s);
      Scores(query.data(), in.key, in.k, s, keys, weights.data());
      Scores(slope.data(), in.value, in.v, s, keys, slopes.data());
      const auto factor = running.Add(s, keys, weights.data());
      ScaleAll<T>(factor, in.key, with_slope.data());
      ScaleAll<T>(factor, in.key, plain.data());
      AddRows(weights.data(), in.k, s, keys, in.key, plain.data());
      mean = hn::Mul(mean, factor);
      for (size_t j = 0; j < keys; ++j) {
        T* const place = slopes.data() + j * lanes;
        const auto both = hn::Mul(hn::Load(d, weights.data() + j * lanes), hn::Load(d, place));
        mean = hn::Add(mean, both);
        hn::Store(both, d, place);
      }
      AddRows(slopes.data(), in.k, s, keys, in.key, with_slope.data());
    }
    const auto part = hn::Div(hn::Set(d, T(1)), running.Sum());
    mean = hn::Mul(mean, part);
    const auto factor = hn::Mul(hn::Set(d, in.scale), part);
    for (size_t e = 0; e < in.key; ++e) {
      T* const place = with_slope.data() + e * lanes;
      const auto centred =
          hn::NegMulAdd(mean, hn::Load(d, plain.data() + e * lanes), hn::Load(d, place));
      hn::Store(hn::Mul(factor, centred), d, place);
    }
    StoreTile(with_slope.data(), t, count, in.key, dq);
    HWY_ALIGN T means[16], most[16], total[16];
    hn::Store(mean, d, means);
    hn::Store(running.Most(), d, most);
    hn::Store(running.Sum(), d, total);
    for (size_t lane = 0; lane < count; ++lane) {
      sums.mean[t + lane] = means[lane];
      sums.log_sum[t + lane] = most[lane] + std::log(total[lane]);
    }
  }
}

// dv_s = sum_t p_ts dout_t and dk_s = scale sum_t p_ts (dp_ts - mean_t) q_t.
template <class T>
void KeyPass(const SoftmaxInput<T>& in, const Rows<const T>& dout, const SoftmaxSums<T>& sums,
             const SoftmaxGradient<T>& to) {
  const TileTag<T> d;
  const size_t lanes = hn::Lanes(d), past = in.keys - in.queries;
  AlignedArray<T> key(in.key * lanes), value(in.value * lanes), weights(kSoftmaxBlock * lanes),
      slopes(kSoftmaxBlock * lanes), dk(in.key * lanes), dv(in.value * lanes);
  for (size_t s = 0; s < in.keys; s += lanes) {
    const size_t count = std::min(lanes, in.keys - s);
    LoadTile(in.k, s, count, in.key, in.scale, key.data());
    LoadTile(in.v, s, count, in.value, T(1), value.data());
    dk.zero();
    dv.zero();
    const auto keys = hn::Iota(d, static_cast<T>(s));
    for (size_t t = s > past ? s - past : 0; t < in.queries; t += kSoftmaxBlock) {
      const size_t queries = std::min(kSoftmaxBlock, in.queries - t);
      Scores(key.data(), in.key, in.q, t, queries, weights.data());
      Scores(value.data(), in.value, dout, t, queries, slopes.data());
      for (size_t j = 0; j < queries; ++j) {
        T *const weight = weights.data() + j * lanes, *const slope = slopes.data() + j * lanes;
        const auto power = Power<T>(hn::Sub(hn::Load(d, weight), hn::Set(d, sums.log_sum[t + j])));
        const auto is_read = hn::Le(keys, hn::Set(d, static_cast<T>(past + t + j)));
        const auto p = hn::IfThenElseZero(is_read, power);
        hn::Store(p, d, weight);
        const auto centred = hn::Sub(hn::Load(d, slope), hn::Set(d, sums.mean[t + j]));
        hn::Store(hn::Mul(hn::Set(d, in.scale), hn::Mul(p, centred)), d, slope);
      }
      AddRows(weights.data(), dout, t, queries, in.value, dv.data());
      AddRows(slopes.data(), in.q, t, queries, in.key, dk.data());
    }
    StoreTile(dk.data(), s, count, in.key, to.dk);
    StoreTile(dv.data(), s, count, in.value, to.dv);
  }
}

template <class T>
void SoftmaxBackward(const SoftmaxInput<T>& in, const Rows<const T>& dout,
                     const SoftmaxGradient<T>& to) {
  CheckSoftmax(in);
  SoftmaxSums<T> sums{std::vector<T>(in.queries), std::vector<T>(in.queries)};
  QueryPass(in, dout, to.dq, sums);
  KeyPass(in, dout, sums, to);
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
