// The kernels behind mixer.h and mesa.h, compiled once for each instruction set in kernels.cpp.
//
// SIMD runs along the columns of a state, a group of columns at a time: they do not depend on each
// other, so a group goes through all tokens with its part of the state in the first-level cache.
// Tokens are taken in tiles of four: a row of the state is loaded once for a tile. Within a tile of
// the delta rule, what a token writes depends on the writes before it through dot products of keys
// alone.
//
// Preconditions: key <= kMaxMixerSize (asserted); arrays do not overlap. Errors: none.
#pragma once

#include <cstddef>

#include "gramian/sequence/mixer.h"

namespace gramian {

// For each token in turn, over a state S [key, value],
//
//     S = decay_t S                              unless decay_after
//     y_t = -S^T x_t                             where y is given
//     S = S + in_t k_t v_t^T
//     o_t = out_t S^T q_t                        where q is given
//     S = S - x_t w_t^T                          where w is given
//     S = decay_t S                              with decay_after, as where an adjoint runs back
//
// With `adds` o_t is added to what is there. The weight of a token is a scalar (in_scale,
// out_scale) times an entry of an array (in, out), which may be null. To run back in time, point at
// the last token and give negative strides. Preconditions: y and w not together, w with a decay
// only after, y, and passes without q, only before.
template <class T>
struct LinearPass {
  std::size_t tokens = 0, key = 0, value = 0;
  Rows<const T> q = {}, k = {}, v = {};
  Rows<T> o = {};
  T* state = nullptr;  // in and out
  Rows<const T> decay = {}, in = {}, out = {};
  T in_scale = 1, out_scale = 1;
  bool decay_after = false, adds = false;
  Rows<const T> x = {}, w = {};  // [tokens, key], [tokens, value]
  Rows<T> y = {};                // [tokens, value]
  T* before = nullptr;  // [tokens, key, value], or null: takes S before each token; without q
};
void run_linear(const LinearPass<float>& pass);
void run_linear(const LinearPass<double>& pass);

// The delta rule forward: S = decay_t S + strength_t k_t w_t^T with w_t = v_t - decay_t S^T k_t,
// and o_t = scale S^T q_t where q is given.
template <class T>
struct DeltaPass {
  std::size_t tokens = 0, key = 0, value = 0;
  Rows<const T> q = {}, k = {}, v = {};
  Rows<T> o = {}, w = {};  // w: null where it is not wanted
  T* state = nullptr;
  const T* decay = nullptr;
  const T* strength = nullptr;
  T scale = 1;
};
void run_delta(const DeltaPass<float>& pass);
void run_delta(const DeltaPass<double>& pass);

// The same back in time, A the adjoint of the state:
//
//     A = A + scale q_t dout_t^T,  dv_t = strength_t A^T k_t,  A = decay_t (A - k_t dv_t^T)
//
// and dstrength_t, where it is wanted, is increased by w_t . A^T k_t.
template <class T>
struct DeltaBackPass {
  std::size_t tokens = 0, key = 0, value = 0;
  Rows<const T> q = {}, k = {}, w = {}, dout = {};
  Rows<T> dv = {};
  T* adjoint = nullptr;  // of the state after the last token; on return, of that before the first
  const T* decay = nullptr;
  const T* strength = nullptr;
  T scale = 1;
  T* dstrength = nullptr;
};
void run_delta_back(const DeltaBackPass<float>& pass);
void run_delta_back(const DeltaBackPass<double>& pass);

// ddecay of tokens whose states are known, which is increased by <A, S_{t-1}>: A as above, behind
// its two writes, of which the second is left out where dv is null.
template <class T>
struct ReplayPass {
  std::size_t tokens = 0, key = 0, value = 0;
  Rows<const T> q = {}, dout = {}, k = {}, dv = {};
  const T* decay = nullptr;
  T scale = 1;
  const T* before = nullptr;  // [tokens, key, value]: S_{t-1}
  T* adjoint = nullptr;       // as above
  T* ddecay = nullptr;
};
void run_replay(const ReplayPass<float>& pass);
void run_replay(const ReplayPass<double>& pass);

}  // namespace gramian
