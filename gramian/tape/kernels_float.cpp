#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gramian/tape/kernels_float.cpp"
#include <hwy/foreach_target.h>
// clang-format off
#include "gramian/tape/kernels-inl.h"
// clang-format on

#include "gramian/tape/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

void ForwardFloat(TapeMemory<float>& memory) { ForwardBlock(memory); }
void BackwardFloat(TapeMemory<float>& memory) { BackwardBlock(memory); }

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gramian {

HWY_EXPORT(ForwardFloat);
HWY_EXPORT(BackwardFloat);

void tape_forward(TapeMemory<float>& memory) { HWY_DYNAMIC_DISPATCH(ForwardFloat)(memory); }
void tape_backward(TapeMemory<float>& memory) { HWY_DYNAMIC_DISPATCH(BackwardFloat)(memory); }

}  // namespace gramian
#endif
