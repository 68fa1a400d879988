#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gramian/sequence/solve.cpp"
#include <hwy/foreach_target.h>
// clang-format off
#include "gramian/sequence/solve-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

void DirectFloat(const SolvePass<float>& pass) { SolveDirect(pass); }
void DirectDouble(const SolvePass<double>& pass) { SolveDirect(pass); }
void RecursiveFloat(const SolvePass<float>& pass) { SolveRecursive(pass); }
void RecursiveDouble(const SolvePass<double>& pass) { SolveRecursive(pass); }
void GradientsFloat(const SolvePass<float>& pass) { SolveByGradients(pass); }
void GradientsDouble(const SolvePass<double>& pass) { SolveByGradients(pass); }

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gramian {

HWY_EXPORT(DirectFloat);
HWY_EXPORT(DirectDouble);
HWY_EXPORT(RecursiveFloat);
HWY_EXPORT(RecursiveDouble);
HWY_EXPORT(GradientsFloat);
HWY_EXPORT(GradientsDouble);

void solve_direct(const SolvePass<float>& pass) { HWY_DYNAMIC_DISPATCH(DirectFloat)(pass); }
void solve_direct(const SolvePass<double>& pass) { HWY_DYNAMIC_DISPATCH(DirectDouble)(pass); }
void solve_recursive(const SolvePass<float>& pass) { HWY_DYNAMIC_DISPATCH(RecursiveFloat)(pass); }
void solve_recursive(const SolvePass<double>& pass) { HWY_DYNAMIC_DISPATCH(RecursiveDouble)(pass); }
void solve_by_gradients(const SolvePass<float>& pass) {
  HWY_DYNAMIC_DISPATCH(GradientsFloat)(pass);
}
void solve_by_gradients(const SolvePass<double>& pass) {
  HWY_DYNAMIC_DISPATCH(GradientsDouble)(pass);
}

}  // namespace gramian
#endif
