// The products of a tape in double, for each instruction set; kernels_double.cpp uses them.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gramian/tape/products_double.cpp"
#include <hwy/foreach_target.h>
// clang-format off
#include "gramian/tape/products-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template void Forward<double>(const ops::Product&, const LaneCall<double>&);
template void Backward<double>(const ops::Product&, const LaneCall<double>&);

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();
