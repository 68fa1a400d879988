#include "gramian/random/lane_words.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gramian/random/lane_words.cpp"
#include <hwy/foreach_target.h>
// clang-format off
#include "gramian/random/philox-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

void DrawLaneWords(const PhiloxAddress& address, uint32_t draw, uint32_t* words) {
  LaneWords(address).Draw(draw, words);
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gramian {

HWY_EXPORT(DrawLaneWords);

void draw_lane_words(const PhiloxAddress& address, std::uint32_t draw, std::uint32_t* words) {
  HWY_DYNAMIC_DISPATCH(DrawLaneWords)(address, draw, words);
}

}  // namespace gramian
#endif
