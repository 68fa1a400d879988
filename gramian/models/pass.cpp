#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gramian/models/pass.cpp"
#include <hwy/foreach_target.h>
// clang-format off
#include "gramian/models/diag-inl.h"
#include "gramian/models/full-inl.h"
// clang-format on

#include "gramian/models/pass.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

// Calls body(pass) for each vector of lanes of the block, pass being of the right kind.
template <class T, class Body>
void ForEachVector(const NetworkSpec& spec, PassMemory<T>& memory, const T* theta, Body body) {
  for (size_t v = 0; v < kLanes; v += hn::Lanes(Tag<T>())) {
    if (spec.kind == Parametrisation::full) {
      body(FullPass<T>(spec, memory, theta, v), v);
    } else {
      body(DiagPass<T>(spec, memory, theta, v), v);
    }
  }
}

// to = -from: a row z holds -w. One of the two is the caller's, and may be unaligned.
template <class T>
void Negate(size_t d, const T* from, T* to) {
  const Tag<T> tag;
  for (size_t i = 0; i < d; ++i) hn::StoreU(hn::Neg(hn::LoadU(tag, from + i * kLanes)), tag, to + i * kLanes);
}

template <class T>
void Forward(const NetworkSpec& spec, PassMemory<T>& memory, const T* theta, const PromptBlock<T>& block, T factor,
             T* weights) {
  ForEachVector(spec, memory, theta, [&](auto pass, size_t v) HWY_ATTR {
    pass.Load(block, factor);
    pass.Forward();
    Negate(static_cast<size_t>(spec.d), memory.row(0) + v, weights + v);
  });
}

template <class T>
void ReadOut(const NetworkSpec& spec, PassMemory<T>& memory, const T* theta, T* weights) {
  const size_t d = static_cast<size_t>(spec.d);
  ForEachVector(spec, memory, theta, [&](auto pass, size_t v) HWY_ATTR {
    for (int layers = 1; layers <= spec.layers; ++layers) {
      Negate(d, pass.ReadOutRow(layers), weights + static_cast<size_t>(layers - 1) * d * kLanes + v);
    }
  });
}

template <class T>
void Backward(const NetworkSpec& spec, PassMemory<T>& memory, const T* theta, const T* dweights, T* dtheta) {
  const size_t d = static_cast<size_t>(spec.d);
  ForEachVector(spec, memory, theta, [&](auto pass, size_t v) HWY_ATTR {
    Negate(d, dweights + v, memory.row_adjoint(0) + v);
    Put<T>(hn::Zero(Tag<T>()), memory.row_adjoint(0) + v, d);
    pass.Backward(dtheta);
  });
}

// HWY_EXPORT wants plain functions.
#define GRAMIAN_PASS_FUNCTIONS(T, Name)                                                                          \
  void Forward##Name(const NetworkSpec& s, PassMemory<T>& m, const T* t, const PromptBlock<T>& b, T f, T* w) {   \
    Forward<T>(s, m, t, b, f, w);                                                                                \
  }                                                                                                              \
  void ReadOut##Name(const NetworkSpec& s, PassMemory<T>& m, const T* t, T* w) { ReadOut<T>(s, m, t, w); }       \
  void Backward##Name(const NetworkSpec& s, PassMemory<T>& m, const T* t, const T* dw, T* dt) {                  \
    Backward<T>(s, m, t, dw, dt);                                                                                \
  }
GRAMIAN_PASS_FUNCTIONS(float, Float)
GRAMIAN_PASS_FUNCTIONS(double, Double)
#undef GRAMIAN_PASS_FUNCTIONS

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gramian {

template <class T>
PassMemory<T>::PassMemory(const NetworkSpec& spec)
    : matrix_(spec.rows() * spec.rows() * kLanes),
      vector_(spec.rows() * kLanes),
      heads_(spec.kind == Parametrisation::full ? static_cast<std::size_t>(spec.heads) : 1) {
  const auto layers = static_cast<std::size_t>(spec.layers);
  // The diagonal kernels keep up to five vectors [d] in one matrix of scratch.
  if (spec.kind != Parametrisation::full) matrix_ = std::max(matrix_, 5 * vector_);
  gram_ = 0;
  map_ = gram_ + layers * matrix_;
  values_ = map_ + layers * matrix_;
  row_ = values_ + layers * heads_ * matrix_;
  row_adjoint_ = row_ + (layers + 1) * vector_;
  scratch_ = row_adjoint_ + (layers + 1) * vector_;
  memory_ = AlignedArray<T>(scratch_ + kScratch * matrix_);
}

#define GRAMIAN_PASS_DISPATCH(T, Name)                                                                            \
  HWY_EXPORT(Forward##Name);                                                                                      \
  HWY_EXPORT(ReadOut##Name);                                                                                      \
  HWY_EXPORT(Backward##Name);                                                                                     \
  template <>                                                                                                     \
  void NetworkPass<T>::forward(const T* theta, const PromptBlock<T>& block, double factor, T* weights) {          \
    theta_ = theta;                                                                                               \
    HWY_DYNAMIC_DISPATCH(Forward##Name)(spec_, memory_, theta, block, static_cast<T>(factor), weights);           \
  }                                                                                                               \
  template <>                                                                                                     \
  void NetworkPass<T>::read_out(T* weights) {                                                                     \
    HWY_DYNAMIC_DISPATCH(ReadOut##Name)(spec_, memory_, theta_, weights);                                         \
  }                                                                                                               \
  template <>                                                                                                     \
  void NetworkPass<T>::backward(const T* dweights, T* dtheta) {                                                   \
    HWY_DYNAMIC_DISPATCH(Backward##Name)(spec_, memory_, theta_, dweights, dtheta);                               \
  }
GRAMIAN_PASS_DISPATCH(float, Float)
GRAMIAN_PASS_DISPATCH(double, Double)
#undef GRAMIAN_PASS_DISPATCH

template struct PassMemory<float>;
template struct PassMemory<double>;
template class NetworkPass<float>;
template class NetworkPass<double>;

}  // namespace gramian
#endif
