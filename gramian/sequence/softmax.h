// Causal softmax attention by streaming tiles: the T x T scores are never in memory.
//
//     o_t = sum_s p_ts v_s,    p_ts = exp(scale q_t . k_s) / sum_s' exp(scale q_t . k_s')
//
// over the keys s up to that of query t. Its state is all keys and values so far: a sequence is cut
// by giving the queries of a part and the keys of it and of all before it. With `queries` Q and
// `keys` K, query t is token K - Q + t and reads the keys 0 .. K - Q + t.
//
//   const SoftmaxInput<float> in{.queries = 256, .keys = 256, .key = 32, .value = 32,
//                                .q = {q, 32}, .k = {k, 32}, .v = {v, 32}, .scale = 0.177};
//   softmax_mix(in, {o, 32});
//   softmax_adjoint(in, {dout, 32}, {.dq = {dq, 32}, .dk = {dk, 32}, .dv = {dv, 32}});
//
// SIMD runs over a register of queries (or, for dk and dv, of keys), so that maxima and sums over
// keys are by elements. The largest score so far is subtracted in every exponent, and what was
// added up under a smaller one is scaled (Milakov and Gimelshein 2018); a score of more than 80
// below it counts as 80 below. The adjoint finds sums and dq in one such pass, and dk and dv in a
// second (Dao et al. 2022 store the sums of the forward pass; here nothing is stored).
//
// Shapes: q [Q, key], k [K, key], v [K, value], o [Q, value], each with a stride; of the adjoint
// alike. Preconditions (asserted): 1 <= key, value <= kMaxMixerSize, Q <= K < 2^24; arrays of one
// call do not overlap. Errors: none. Cost in multiply-adds for each pair (t, s): key + value
// forward, 4 (key + value) for the adjoint, and one or two exponentials; memory 4 (key + value)
// registers and, of the adjoint, two numbers a query.
#pragma once

#include "gramian/sequence/mixer.h"

namespace gramian {

template <class T>
struct SoftmaxInput {
  std::size_t queries = 0, keys = 0, key = 0, value = 0;
  Rows<const T> q = {}, k = {}, v = {};
  T scale = 1;
};

// All three are set, not added to.
template <class T>
struct SoftmaxGradient {
  Rows<T> dq = {}, dk = {}, dv = {};
};

void softmax_mix(const SoftmaxInput<float>& in, Rows<float> o);
void softmax_mix(const SoftmaxInput<double>& in, Rows<double> o);
void softmax_adjoint(const SoftmaxInput<float>& in, Rows<const float> dout,
                     const SoftmaxGradient<float>& to);
void softmax_adjoint(const SoftmaxInput<double>& in, Rows<const double> dout,
                     const SoftmaxGradient<double>& to);

}  // namespace gramian
