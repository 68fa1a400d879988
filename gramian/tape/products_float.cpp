// The products of a tape in float, for each instruction set; kernels_float.cpp uses them.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gramian/tape/products_float.cpp"
#include <hwy/foreach_target.h>
// clang-format off
#include "gramian/tape/products-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template void Forward<float>(const ops::Product&, const LaneCall<float>&);
template void Backward<float>(const ops::Product&, const LaneCall<float>&);

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();
