// Vectors over lanes: element i is at data + i * kLanes. Per-target header.
#if defined(GRAMIAN_LANES_VECTOR_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_LANES_VECTOR_INL_H
#undef GRAMIAN_LANES_VECTOR_INL_H
#else
#define GRAMIAN_LANES_VECTOR_INL_H
#endif

#include "gramian/lanes/matrix-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
HWY_INLINE Vec<T> Get(const T* data, size_t i = 0) {
  return hn::Load(Tag<T>(), data + i * kLanes);
}
template <class T>
HWY_INLINE void Put(Vec<T> value, T* data, size_t i = 0) {
  hn::Store(value, Tag<T>(), data + i * kLanes);
}
template <class T>
HWY_INLINE void Increase(Vec<T> value, T* data, size_t i = 0) {
  Put<T>(hn::Add(Get(data, i), value), data, i);
}

// dots[k] = sum_i x_k,i y_k,i, each in two chains so that additions overlap.
template <size_t N, class T>
HWY_INLINE void Dots(size_t count, const T* const (&x)[N], const T* const (&y)[N],
                     Vec<T> (&dots)[N]) {
  Vec<T> even[N], odd[N];
  HWY_UNROLL(16)
  for (size_t k = 0; k < N; ++k) even[k] = odd[k] = hn::Zero(Tag<T>());
  size_t i = 0;
  for (; i + 2 <= count; i += 2) {
    HWY_UNROLL(16)
    for (size_t k = 0; k < N; ++k) even[k] = hn::MulAdd(Get(x[k], i), Get(y[k], i), even[k]);
    HWY_UNROLL(16)
    for (size_t k = 0; k < N; ++k) odd[k] = hn::MulAdd(Get(x[k], i + 1), Get(y[k], i + 1), odd[k]);
  }
  HWY_UNROLL(16)
  for (size_t k = 0; k < N; ++k) {
    if (i < count) even[k] = hn::MulAdd(Get(x[k], i), Get(y[k], i), even[k]);
    dots[k] = hn::Add(even[k], odd[k]);
  }
}
template <class T>
HWY_INLINE Vec<T> Dot(size_t count, const T* x, const T* y) {
  Vec<T> dot[1];
  Dots<1, T>(count, {x}, {y}, dot);
  return dot[0];
}

// y += a x
template <class T>
HWY_INLINE void Axpy(size_t count, Vec<T> a, const T* x, T* y) {
  for (size_t i = 0; i < count; ++i) Put<T>(hn::MulAdd(a, Get(x, i), Get(y, i)), y, i);
}

// y = a x + b z
template <class T>
HWY_INLINE void Combine(size_t count, Vec<T> a, const T* x, Vec<T> b, const T* z, T* y) {
  for (size_t i = 0; i < count; ++i) Put<T>(hn::MulAdd(a, Get(x, i), hn::Mul(b, Get(z, i))), y, i);
}

template <class T>
HWY_INLINE void Copy(size_t count, const T* x, T* y) {
  for (size_t i = 0; i < count; ++i) Put<T>(Get(x, i), y, i);
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
