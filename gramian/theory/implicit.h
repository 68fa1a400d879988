// What a network has computed after each layer: the implicit linear model of Theorem 4.1.
//
//   const auto states = implicit_states(network, gram, network.spec.context_factor(n));
//   states[l].w   // the weights w^l that predict <w^l, x_t> after layer l
//
// Every token is an affine function of where it began, with coefficients that depend on the prompt
// alone:
//
//     x_i^l = M x_i + y_i u,    y_i^l = a y_i - <w, x_i>,    x_t^l = M x_t,    y_t^l = -<w, x_t>
//
// Plain double loops over one prompt, for any network: meant for explaining and testing, not for
// training.
// Equations: Vladymyrov et al. 2024, with the errata of docs/theory.md.
//
// Letters: d input dimension, D = d + 1, L layers, c scale of G. Matrices are row-major.
#pragma once

#include <span>
#include <vector>

#include "gramian/models/network.h"

namespace gramian {

// Before the first layer M = I, u = 0, a = 1, w = 0.
struct ImplicitState {
  std::vector<double> m;  // [d, d] M
  std::vector<double> u;  // [d]    what y adds to x: the momentum of a diagonal network
  double a = 1;           //        what is left of y
  std::vector<double> w;  // [d]    prediction = <w, x_t>

  static ImplicitState initial(int d);
  std::size_t d() const { return u.size(); }
};

// The state before the first layer and after each: L + 1 of them, by Lemma 4.3,
//
//     M' = (I + A) M - b w^T,         u' = (I + A) u + a b,
//     a' = (1 + delta) a + <c, u>,    w' = (1 + delta) w - M^T c
//
// where [A b; c^T delta] = sum_h P_h G^l Q_h. `gram` is sum_j e_j e_j^T over the keys [D, D] (the
// query among them if the network says so), `factor` the c that scales it.
std::vector<ImplicitState> implicit_states(const Network& network, std::span<const double> gram,
                                           double factor);

// What layer l + 1 sees of the context: G^l = F G F^T with F = [M u; -w^T a].
struct ContextMoments {
  std::vector<double> sigma;  // [d, d] c sum_i x_i x_i^T
  std::vector<double> alpha;  // [d]    c sum_i y_i x_i
  double lambda = 0;          //        c sum_i y_i^2
};
ContextMoments moments_at(const ImplicitState& state, std::span<const double> gram, double factor);

// The context as its least squares solution w* and the residuals of it:
// G = [S, S w*; (S w*)^T, w*^T S w* + rho].
struct LeastSquares {
  std::vector<double> sigma;   // [d, d] S, times c
  std::vector<double> w_star;  // [d]    S w* = alpha, of least norm where S is singular
  double rho = 0;              //        sum of squared residuals, times c
};
LeastSquares least_squares(std::span<const double> gram, double factor);

// One layer of a diagonal network in the words of gradient descent with momentum u (Lemma 4.4):
//
//     u' = (I - Lambda) u + Gamma g,    w' = (1 + s) w - Pi g - Phi u,    g = S (a w* - w)
//
//     Lambda = -omega_xy a^2 rho I - omega_xx S^l      forgets momentum
//     Gamma  = omega_xy a (M + u w*^T)                 gathers the gradient into it
//     s      = omega_yy lambda^l                       shrinks the weights
//     Pi     = omega_yx M^T (M + u w*^T)               a direct step (omega_yx < 0)
//     Phi    = omega_yx a rho M^T                      a step along the momentum
//
// g is minus half the gradient of sum_i (a y_i - <w, x_i>)^2 in w, times c; S^l and lambda^l are
// the parts of the Gram matrix that the layer sees.
struct DiagonalLayer {
  std::vector<double> forgetting;  // [d, d] Lambda
  std::vector<double> gathering;   // [d, d] Gamma
  double shrinkage = 0;            //        s
  std::vector<double> direct;      // [d, d] Pi
  std::vector<double> momentum;    // [d, d] Phi
  std::vector<double> gradient;    // [d]    g
  ImplicitState after;
};

// The coefficients of one layer at the state before it. M' and a' follow from
// alpha^l = (M + u w*^T) g + a rho u.
DiagonalLayer diagonal_layer(const Omega& omega, const ImplicitState& before,
                             const LeastSquares& context);

// All layers of a network of kind diag or gdpp: L of them.
std::vector<DiagonalLayer> diagonal_layers(const Network& network, std::span<const double> gram,
                                           double factor);

}  // namespace gramian
