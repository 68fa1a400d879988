// What all kernels have in common: the loop over the places of a block (lanes/layout-inl.h), and
// the plain functions that HWY_EXPORT needs. Per-target header.
#if defined(GRAMIAN_MODELS_PASS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_MODELS_PASS_INL_H
#undef GRAMIAN_MODELS_PASS_INL_H
#else
#define GRAMIAN_MODELS_PASS_INL_H
#endif

#include <utility>

#include "gramian/lanes/layout-inl.h"
#include "gramian/models/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class Pass, class T>
void Forward(PassMemory<T>& memory, const T* theta, const PromptBlock<T>& block, double factor,
             T* weights) {
  if (memory.has_shared()) memory.copy_theta(theta);
  for (size_t place = 0; place < Pass::In::Places(); ++place) {
    Pass pass(memory, theta, place);
    pass.Load(block, static_cast<T>(factor));
    pass.Forward();
    pass.StoreWeights(pass.Row(0), weights);
  }
}

// z_0 of the network cut after `layers` layers: the recursion of the row, begun at an inner layer.
// Returns a pointer to it in the memory of the pass.
template <class Pass>
auto ReadOutRow(const Pass& pass, int layers, int all) {
  if (layers == all) return pass.Row(0);
  auto z = pass.Scratch(1), next = pass.Scratch(2);
  pass.RowOfY(layers - 1, z);
  for (int l = layers - 2; l >= 0; --l) {
    pass.StepRow(l, z, next);
    std::swap(z, next);
  }
  return z;
}

template <class Pass, class T>
void ReadOut(PassMemory<T>& memory, const T* theta, T* weights) {
  const size_t d = static_cast<size_t>(memory.spec().d);
  const int all = memory.spec().layers;
  for (size_t place = 0; place < Pass::In::Places(); ++place) {
    const Pass pass(memory, theta, place);
    for (int layers = 1; layers <= all; ++layers) {
      pass.StoreWeights(ReadOutRow(pass, layers, all),
                        weights + static_cast<size_t>(layers - 1) * d * kLanes);
    }
  }
}

template <class Pass, class T>
void Backward(PassMemory<T>& memory, const T* theta, const T* dweights, T* dtheta) {
  if (memory.has_shared()) memory.begin_adjoint();
  for (size_t place = 0; place < Pass::In::Places(); ++place) {
    Pass pass(memory, theta, place);
    pass.LoadAdjoint(dweights);
    pass.Backward(dtheta);
  }
  if (memory.has_shared()) memory.add_adjoint(dtheta);
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif

#ifndef GRAMIAN_MODELS_PASS_INL_ONCE
#define GRAMIAN_MODELS_PASS_INL_ONCE

// Defines the per-target functions of one kind of network, Pass being its class template.
#define GRAMIAN_DEFINE_KERNELS(Pass)                                                             \
  void Forward##Pass##F(PassMemory<float>& m, const float* t, const PromptBlock<float>& b,       \
                        double f, float* w) {                                                    \
    Forward<Pass<float>>(m, t, b, f, w);                                                         \
  }                                                                                              \
  void Forward##Pass##D(PassMemory<double>& m, const double* t, const PromptBlock<double>& b,    \
                        double f, double* w) {                                                   \
    Forward<Pass<double>>(m, t, b, f, w);                                                        \
  }                                                                                              \
  void ReadOut##Pass##F(PassMemory<float>& m, const float* t, float* w) {                        \
    ReadOut<Pass<float>>(m, t, w);                                                               \
  }                                                                                              \
  void ReadOut##Pass##D(PassMemory<double>& m, const double* t, double* w) {                     \
    ReadOut<Pass<double>>(m, t, w);                                                              \
  }                                                                                              \
  void Backward##Pass##F(PassMemory<float>& m, const float* t, const float* dw, float* dt) {     \
    Backward<Pass<float>>(m, t, dw, dt);                                                         \
  }                                                                                              \
  void Backward##Pass##D(PassMemory<double>& m, const double* t, const double* dw, double* dt) { \
    Backward<Pass<double>>(m, t, dw, dt);                                                        \
  }

// Defines the functions of kernels.h for one kind of network: the best instruction set of this
// machine, chosen in the first call.
#define GRAMIAN_EXPORT_KERNELS(Pass, kind)                                                         \
  HWY_EXPORT(Forward##Pass##F);                                                                    \
  HWY_EXPORT(Forward##Pass##D);                                                                    \
  HWY_EXPORT(ReadOut##Pass##F);                                                                    \
  HWY_EXPORT(ReadOut##Pass##D);                                                                    \
  HWY_EXPORT(Backward##Pass##F);                                                                   \
  HWY_EXPORT(Backward##Pass##D);                                                                   \
  void kind##_forward(PassMemory<float>& m, const float* t, const PromptBlock<float>& b, double f, \
                      float* w) {                                                                  \
    HWY_DYNAMIC_DISPATCH(Forward##Pass##F)(m, t, b, f, w);                                         \
  }                                                                                                \
  void kind##_forward(PassMemory<double>& m, const double* t, const PromptBlock<double>& b,        \
                      double f, double* w) {                                                       \
    HWY_DYNAMIC_DISPATCH(Forward##Pass##D)(m, t, b, f, w);                                         \
  }                                                                                                \
  void kind##_read_out(PassMemory<float>& m, const float* t, float* w) {                           \
    HWY_DYNAMIC_DISPATCH(ReadOut##Pass##F)(m, t, w);                                               \
  }                                                                                                \
  void kind##_read_out(PassMemory<double>& m, const double* t, double* w) {                        \
    HWY_DYNAMIC_DISPATCH(ReadOut##Pass##D)(m, t, w);                                               \
  }                                                                                                \
  void kind##_backward(PassMemory<float>& m, const float* t, const float* dw, float* dt) {         \
    HWY_DYNAMIC_DISPATCH(Backward##Pass##F)(m, t, dw, dt);                                         \
  }                                                                                                \
  void kind##_backward(PassMemory<double>& m, const double* t, const double* dw, double* dt) {     \
    HWY_DYNAMIC_DISPATCH(Backward##Pass##D)(m, t, dw, dt);                                         \
  }

#endif
