#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gramian/bench/peak.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "gramian/bench/peak.h"
#include "gramian/lanes/block.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Twelve chains hide a latency of four cycles on three units. Returns the sum of all, so that
// no chain can be left out; each tends to the fixed point 1.
float RunChains(int rounds, size_t* flops) {
  const hn::CappedTag<float, kLanes> d;
  auto c0 = hn::Iota(d, 0.0f), c1 = hn::Iota(d, 1.0f), c2 = hn::Iota(d, 2.0f),
       c3 = hn::Iota(d, 3.0f);
  auto c4 = hn::Iota(d, 4.0f), c5 = hn::Iota(d, 5.0f), c6 = hn::Iota(d, 6.0f),
       c7 = hn::Iota(d, 7.0f);
  auto c8 = hn::Iota(d, 8.0f), c9 = hn::Iota(d, 9.0f), c10 = hn::Iota(d, 10.0f),
       c11 = hn::Iota(d, 11.0f);
  const auto shrink = hn::Set(d, 0.999f);
  const auto grow = hn::Set(d, 0.001f);
  for (int i = 0; i < rounds; ++i) {
    c0 = hn::MulAdd(c0, shrink, grow), c1 = hn::MulAdd(c1, shrink, grow),
    c2 = hn::MulAdd(c2, shrink, grow);
    c3 = hn::MulAdd(c3, shrink, grow), c4 = hn::MulAdd(c4, shrink, grow),
    c5 = hn::MulAdd(c5, shrink, grow);
    c6 = hn::MulAdd(c6, shrink, grow), c7 = hn::MulAdd(c7, shrink, grow),
    c8 = hn::MulAdd(c8, shrink, grow);
    c9 = hn::MulAdd(c9, shrink, grow), c10 = hn::MulAdd(c10, shrink, grow),
    c11 = hn::MulAdd(c11, shrink, grow);
  }
  *flops = size_t{2} * 12 * hn::Lanes(d) * static_cast<size_t>(rounds);
  const auto a = hn::Add(hn::Add(c0, c1), hn::Add(c2, c3));
  const auto b = hn::Add(hn::Add(c4, c5), hn::Add(c6, c7));
  const auto c = hn::Add(hn::Add(c8, c9), hn::Add(c10, c11));
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(a, b), c)));
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <chrono>

namespace gramian {

HWY_EXPORT(RunChains);

double measure_peak_gflops() {
  double best = 0;
  volatile float sink = 0;
  for (int run = 0; run < 20; ++run) {
    std::size_t flops = 0;
    const auto start = std::chrono::steady_clock::now();
    sink = sink + HWY_DYNAMIC_DISPATCH(RunChains)(400'000, &flops);
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best = std::max(best, static_cast<double>(flops) / seconds / 1e9);
  }
  return best;
}

}  // namespace gramian
#endif
