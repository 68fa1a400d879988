// The kernels that solve (H_t + diag(lambda)) x_t = b_t for each token t, for mesa.h, of one or two
// right sides b; compiled once for each instruction set in solve.cpp. What they compute,
// preconditions and cost: mesa.h.
//
// direct without decays is in block_solve-inl.h. direct and conjugate gradients take as many tokens
// as a register has lanes together. H of the tokens of a tile is that before it, and what the tile
// itself has written:
//
//     H_t = delta_t H + sum_s Z_ts k_s k_s^T,  delta_t product of the decays of the tile up to t,
//                                              Z_ts = beta_s times that of the tokens s + 1 .. t
#pragma once

#include "gramian/sequence/mixer.h"

namespace gramian {

template <class T>
struct SolvePass {
  std::size_t tokens = 0, key = 0;
  std::size_t sides = 1;
  Rows<const T> k = {}, b[2] = {};
  Rows<T> x[2] = {};
  const T* decay = nullptr;
  const T* strength = nullptr;
  const T* ridge = nullptr;
  T* h = nullptr;        // [key, key], in and out
  const T* r = nullptr;  // recursive: (H + diag(lambda))^-1 before the first token
  int steps = 0;         // conjugate gradients
  T tolerance = 0;       // conjugate gradients
};

void solve_direct(const SolvePass<float>& pass);
void solve_direct(const SolvePass<double>& pass);
void solve_recursive(const SolvePass<float>& pass);
void solve_recursive(const SolvePass<double>& pass);
void solve_by_gradients(const SolvePass<float>& pass);
void solve_by_gradients(const SolvePass<double>& pass);

}  // namespace gramian
