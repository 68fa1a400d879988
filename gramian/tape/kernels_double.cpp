#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gramian/tape/kernels_double.cpp"
#include <hwy/foreach_target.h>
// clang-format off
#include "gramian/tape/kernels-inl.h"
// clang-format on

#include "gramian/tape/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

void ForwardDouble(TapeMemory<double>& memory) { ForwardBlock(memory); }
void BackwardDouble(TapeMemory<double>& memory) { BackwardBlock(memory); }

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gramian {

HWY_EXPORT(ForwardDouble);
HWY_EXPORT(BackwardDouble);

void tape_forward(TapeMemory<double>& memory) { HWY_DYNAMIC_DISPATCH(ForwardDouble)(memory); }
void tape_backward(TapeMemory<double>& memory) { HWY_DYNAMIC_DISPATCH(BackwardDouble)(memory); }

}  // namespace gramian
#endif
