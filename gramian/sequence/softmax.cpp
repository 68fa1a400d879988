#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gramian/sequence/softmax.cpp"
#include <hwy/foreach_target.h>
// clang-format off
#include "gramian/sequence/softmax-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

void SoftmaxFloat(const SoftmaxInput<float>& in, Rows<float> o) { SoftmaxForward(in, o); }
void SoftmaxDouble(const SoftmaxInput<double>& in, Rows<double> o) { SoftmaxForward(in, o); }
void SoftmaxAdjointFloat(const SoftmaxInput<float>& in, Rows<const float> dout,
                         const SoftmaxGradient<float>& to) {
  SoftmaxBackward(in, dout, to);
}
void SoftmaxAdjointDouble(const SoftmaxInput<double>& in, Rows<const double> dout,
                          const SoftmaxGradient<double>& to) {
  SoftmaxBackward(in, dout, to);
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gramian {

HWY_EXPORT(SoftmaxFloat);
HWY_EXPORT(SoftmaxDouble);
HWY_EXPORT(SoftmaxAdjointFloat);
HWY_EXPORT(SoftmaxAdjointDouble);

void softmax_mix(const SoftmaxInput<float>& in, Rows<float> o) {
  HWY_DYNAMIC_DISPATCH(SoftmaxFloat)(in, o);
}
void softmax_mix(const SoftmaxInput<double>& in, Rows<double> o) {
  HWY_DYNAMIC_DISPATCH(SoftmaxDouble)(in, o);
}
void softmax_adjoint(const SoftmaxInput<float>& in, Rows<const float> dout,
                     const SoftmaxGradient<float>& to) {
  HWY_DYNAMIC_DISPATCH(SoftmaxAdjointFloat)(in, dout, to);
}
void softmax_adjoint(const SoftmaxInput<double>& in, Rows<const double> dout,
                     const SoftmaxGradient<double>& to) {
  HWY_DYNAMIC_DISPATCH(SoftmaxAdjointDouble)(in, dout, to);
}

}  // namespace gramian
#endif
