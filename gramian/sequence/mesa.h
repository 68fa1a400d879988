// The mesa layer (von Oswald et al. 2023; MesaNet, 2025): each token reads the ridge regression of
// all values so far on all keys so far.
//
//     G_t = gamma_t G_{t-1} + beta_t v_t k_t^T      H_t = gamma_t H_{t-1} + beta_t k_t k_t^T
//     o_t = scale G_t x_t,    (H_t + diag(lambda)) x_t = q_t
//
// Where gamma = beta = 1 and the states begin as 0, G_t (H_t + diag(lambda))^-1 is the Phi of
// least 1/2 sum_s |v_s - Phi k_s|^2 + 1/2 tr(Phi diag(lambda) Phi^T) over the tokens s <= t.
//
// Three ways to solve, by the same law:
//
//     direct      LDL^T of H_t + diag(lambda) for each token, or, without decays, of some tokens
//                 together (block_solve-inl.h): the exact one
//     recursive   R_t = (H_t + diag(lambda))^-1 by rank-one updates, for gamma = 1 alone (with a
//                 decay they would divide by gamma and forget the ridge); R is found afresh from
//                 H every kMesaBlock tokens, so that rounding does not gather
//     conjugate_gradients
//                 from x_0 = q / (diag H_t + lambda), at most `steps` steps, until the residual is
//                 below tolerance |q|
//
//   const MesaLayer layer{.solver = MesaSolver::direct};
//   const MesaInput<float> in{.mixed = {.tokens = 256, .key = 32, .value = 32, .q = {q, 32},
//                                       .k = {k, 32}, .v = {v, 32}},
//                             .ridge = lambda};
//   mesa(layer, in, {.o = {o, 32}});
//   mesa_adjoint(layer, in, {.mixed = {.dout = {dout, 32}, .dq = {dq, 32}, .dk = {dk, 32},
//                                      .dv = {dv, 32}}, .dridge = dlambda});
//
// The adjoint is implicit. With y_t = G_t^T do_t and e_t = (H_t + diag(lambda))^-1 y_t it is
// dq_t = e_t, dlambda = - sum_t x_t e_t by elements, and what the additive mixer gives of its reads
// G_t x_t with dout and H_t x_t with -e_t: two solves, of one factor, and two adjoints of mixer.h,
// whatever the solver.
//
// Ill-conditioned H, such as of repeated keys: with kappa = (|H_t| + max lambda) / min lambda the
// relative error of x is about kappa epsilon (docs/sequence.md has measurements), and there is no
// NaN for finite input, whatever kappa. What exact arithmetic excludes is rounding, and is limited:
// a pivot of LDL^T below min lambda, or below key * epsilon of its diagonal, counts as that; the
// curvature p^T (H_t + diag(lambda)) p of a step of conjugate gradients as min lambda |p|^2 at
// least; and k_t^T u, u = R_{t-1} k_t, as min lambda |u|^2 at least.
//
// Shapes: as in mixer.h; lambda [key], H [key, key]. Preconditions (asserted, but for those of H_0,
// beta and gamma): those of mixer.h, key <= kMaxMesaKey, lambda > 0, beta >= 0 and 0 <= gamma <= 1,
// H_0 symmetric and positive semi-definite; gamma left out for `recursive`. Errors: none. Cost in
// multiply-adds a token beside the mixer, n = key, C the lanes of a register: direct n^3 / 6 + C
// n^2 / 4, without decays n^3 / (6 C) + 5 n^2 / 2 + 3 C n; recursive 5 n^2, a step of conjugate
// gradients n^2 + 2 C n. Memory: x [T, key], C triangles for direct with decays and a few matrices;
// of the adjoint three arrays [T, key].
#pragma once

#include "gramian/sequence/mixer.h"

namespace gramian {

inline constexpr std::size_t kMaxMesaKey = 128;
inline constexpr std::size_t kMesaBlock = 128;

enum class MesaSolver { direct, recursive, conjugate_gradients };

struct MesaLayer {
  MesaSolver solver = MesaSolver::direct;
  int steps = 30;           // of conjugate gradients, at most
  double tolerance = 1e-4;  // of conjugate gradients
  double scale = 1;
};

template <class T>
struct MesaInput {
  MixerInput<T> mixed = {};    // initial: G_0
  const T* ridge = nullptr;    // lambda
  const T* initial = nullptr;  // H_0; null: 0
};

template <class T>
struct MesaOutput {
  Rows<T> o = {};
  T* final_g = nullptr;  // the states after the last token; null: not wanted
  T* final_h = nullptr;
};

// As MixerAdjoint: dout and the dfinals come in, all others are set, null is not wanted.
template <class T>
struct MesaAdjoint {
  MixerAdjoint<T> mixed = {};  // dfinal and dinitial of G
  T* dridge = nullptr;
  const T* dfinal = nullptr;  // of H
  T* dinitial = nullptr;
};

void mesa(const MesaLayer& layer, const MesaInput<float>& in, const MesaOutput<float>& out);
void mesa(const MesaLayer& layer, const MesaInput<double>& in, const MesaOutput<double>& out);
void mesa_adjoint(const MesaLayer& layer, const MesaInput<float>& in,
                  const MesaAdjoint<float>& adjoint);
void mesa_adjoint(const MesaLayer& layer, const MesaInput<double>& in,
                  const MesaAdjoint<double>& adjoint);

}  // namespace gramian
