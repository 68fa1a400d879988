// The kernels behind mixer.h and mesa.h, compiled once for each instruction set in kernels.cpp.
//
// SIMD runs along the columns of a state, a group of columns at a time: they do not depend on each
// other, so a group goes through all tokens with its part of the state in the first-level cache.
// LinearPass takes tokens in tiles of four: a row of the state is loaded once for a tile.
//
// Preconditions: key <= kMaxMixerSize (asserted); arrays do not overlap. Errors: none.
#pragma once

#include <cstddef>

#include "gramian/sequence/mixer.h"

namespace gramian {

// S = decay_t S + in_t v_t k_t^T and o_t = out_t S q_t for each token in turn; with `decay_after`
// the decay follows the read, as it does where an adjoint runs back in time. The weight of a token
// is a scalar (in_scale, out_scale) times an entry of an array (in, out), which may be null. To
// run back in time, point at the last token and give negative strides.
template <class T>
struct LinearPass {
  std::size_t tokens = 0, key = 0, value = 0;
  Rows<const T> q = {}, k = {}, v = {};
  Rows<T> o = {};
  T* state = nullptr;  // [key, value], in and out
  Rows<const T> decay = {}, in = {}, out = {};
  T in_scale = 1, out_scale = 1;
  bool decay_after = false;
  T* before = nullptr;  // [tokens, key, value], or null: takes the state as it is before each token
};
void run_linear(const LinearPass<float>& pass);
void run_linear(const LinearPass<double>& pass);

// The delta rule forward, a token at a time.
template <class T>
struct DeltaPass {
  std::size_t tokens = 0, key = 0, value = 0;
  Rows<const T> q = {}, k = {}, v = {};
  Rows<T> o = {};
  T* state = nullptr;
  const T* decay = nullptr;
  const T* strength = nullptr;
  T scale = 1;
  T* before = nullptr;  // as above
};
void run_delta(const DeltaPass<float>& pass);
void run_delta(const DeltaPass<double>& pass);

// Back through tokens whose states are known. A is the adjoint of the state, [key, value]: on entry
// that of the state after the last token, on return that of the state before the first. With
// `delta` all derivatives are found, without it ddecay alone. dq, dk, dstrength and ddecay are
// added to, dv is set.
template <class T>
struct ReplayPass {
  std::size_t tokens = 0, key = 0, value = 0;
  bool delta = false;
  Rows<const T> q = {}, k = {}, v = {}, dout = {};
  const T* decay = nullptr;
  const T* strength = nullptr;
  T scale = 1;
  const T* before = nullptr;  // [tokens, key, value]: S_{t-1}
  T* adjoint = nullptr;       // A
  Rows<T> dq = {}, dk = {}, dv = {};
  T* dstrength = nullptr;
  T* ddecay = nullptr;
};
void run_replay(const ReplayPass<float>& pass);
void run_replay(const ReplayPass<double>& pass);

}  // namespace gramian
