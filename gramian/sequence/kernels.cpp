#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gramian/sequence/kernels.cpp"
#include <hwy/foreach_target.h>
// clang-format off
#include "gramian/sequence/kernels-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

void LinearFloat(const LinearPass<float>& pass) { RunLinear(pass); }
void LinearDouble(const LinearPass<double>& pass) { RunLinear(pass); }
void DeltaFloat(const DeltaPass<float>& pass) { RunDelta(pass); }
void DeltaDouble(const DeltaPass<double>& pass) { RunDelta(pass); }
void DeltaBackFloat(const DeltaBackPass<float>& pass) { RunDeltaBack(pass); }
void DeltaBackDouble(const DeltaBackPass<double>& pass) { RunDeltaBack(pass); }
void ReplayFloat(const ReplayPass<float>& pass) { RunReplay(pass); }
void ReplayDouble(const ReplayPass<double>& pass) { RunReplay(pass); }

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gramian {

HWY_EXPORT(LinearFloat);
HWY_EXPORT(LinearDouble);
HWY_EXPORT(DeltaFloat);
HWY_EXPORT(DeltaDouble);
HWY_EXPORT(DeltaBackFloat);
HWY_EXPORT(DeltaBackDouble);
HWY_EXPORT(ReplayFloat);
HWY_EXPORT(ReplayDouble);

void run_linear(const LinearPass<float>& pass) { HWY_DYNAMIC_DISPATCH(LinearFloat)(pass); }
void run_linear(const LinearPass<double>& pass) { HWY_DYNAMIC_DISPATCH(LinearDouble)(pass); }
void run_delta(const DeltaPass<float>& pass) { HWY_DYNAMIC_DISPATCH(DeltaFloat)(pass); }
void run_delta(const DeltaPass<double>& pass) { HWY_DYNAMIC_DISPATCH(DeltaDouble)(pass); }
void run_delta_back(const DeltaBackPass<float>& pass) {
  HWY_DYNAMIC_DISPATCH(DeltaBackFloat)(pass);
}
void run_delta_back(const DeltaBackPass<double>& pass) {
  HWY_DYNAMIC_DISPATCH(DeltaBackDouble)(pass);
}
void run_replay(const ReplayPass<float>& pass) { HWY_DYNAMIC_DISPATCH(ReplayFloat)(pass); }
void run_replay(const ReplayPass<double>& pass) { HWY_DYNAMIC_DISPATCH(ReplayDouble)(pass); }

}  // namespace gramian
#endif
