// A transformer that solves regularised logistic regression by damped Newton, set by formula: the
// whole of Theorem 5.1 of Giannou et al. (2024) as weights that run.
//
//     f(w)   = 1/n sum_i log(1 + exp(-y_i <w, x_i>)) + mu/2 |w|^2,    |x_i| <= 1, y_i = +-1
//     w'     = w - phi(lambda^2) H^-1 g,    lambda^2 = g^T H^-1 g,    g, H its derivatives at w
//     phi(z) = 2 sqrt(mu) / (2 sqrt(mu) + sqrt(z)),    mu > 0
//
// Each token keeps a copy of w, so that <w, x_i> and sums over tokens are attention. Functions of
// one number and products within a token, s_i x_i, are layers of ReLU (piecewise_linear.h): the
// only places where the network is not exact, but for the inverse. A step is k + 6 layers, where
// the publication has 11 + 2k:
//
//     1      t_i = <w, x_i>.           ReLU: s_i = sigma(t) sigma(-t), r_i = (y_i + 1)/2 - sigma(t)
//     2      b = 1/n sum r_i x_i - mu w, in every token, which is -g.     ReLU: u_i ~ s_i x_i
//     3      R = mu I + 1/n sum x_i u_i^T, which is H, and X = c I
//     .. +k  X <- 2 X - X R^T X: Newton-Schulz, one layer a step since X begins as a multiple of I
//     4 + k  D = X b, in every token
//     5 + k  z = <b, D> = lambda^2.    ReLU: phi(z)
//     6 + k  w <- w + phi D.           ReLU: everything but x, y and w becomes what it was
//
// The publication multiplies y_i p_i by the sign trick; r_i is the same number without a product,
// since y = +-1. H is symmetric, so that its general inverse of two layers a step is not needed;
// and it has eigenvalues in [mu, mu + 1/4], so that X may begin as c I, c = 2 / (2 mu + 1/4), with
// the residual rho = (1/4) / (2 mu + 1/4) in place of one that is quadratic in the condition
// number.
//
// Before the steps one layer writes a 1 into each token; after them one more makes <w, x_q>. All
// steps share their weights. n of the prompts may be any number that is at least d.
//
// Letters: d input dimension, n context length, k inversion steps. Errors: config, for mu <= 0,
// sizes that do not fit, and more layers than kMaxLayers. Cost: a few W^2 numbers a layer.
#pragma once

#include "gramian/base/error.h"
#include "gramian/theory/token_construction.h"

namespace gramian {

struct LogisticSpec {
  int d = 5;
  int n = 26;  // of the prompts that it is written for
  int steps = 8;
  double mu = 0.1;
  int knots = 64;      // intervals of each piecewise linear function
  int inversions = 6;  // k
};

inline int logistic_layers_per_step(int inversions) { return inversions + 6; }

// Tokens are (x_j, y_j) and the query (x_q, 0); the output is <w, x_q>. Width 8d + 7, two heads,
// 2 + steps (k + 6) layers: w after step t is the state after layer 1 + t (k + 6), in the columns
// "w" of every token. State x, y, I, w, 1, t, s, r, u, b, R, X, D, z, phi.
Expected<TokenConstruction> logistic_newton(const LogisticSpec& spec);

}  // namespace gramian
