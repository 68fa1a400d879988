// Transformers on graphs whose weights are set by formula: tokens are nodes with rows [B | Psi],
// incidence and demands, and each layer is a step of an algorithm on the Laplacian L = B B^T (Cheng
// et al. 2024). With Q^T K = I on the columns of B the scores of attention are L.
//
//   electric_potential   phi <- phi - delta (L phi - psi)     L^+ Psi, gradient descent on the
//                                                             energy of the flow
//   resistive_embedding  phi += sqrt(delta) a_l psi, then     L^(+ 1/2) Psi, the series of
//                        psi <- (I - delta L) psi             (1 - x)^(-1/2), a_l = C(2l, l) / 4^l
//   heat_taylor          psi <- -s/l L psi, phi += psi        exp(-s L) Psi
//   heat_euler           phi <- (I - s/T L) phi               the same, T layers
//   electric_fast        M <- M^2, phi <- phi + M phi         L^+ Psi, M_0 = I - delta L
//   heat_fast            M <- M^2, T times, then phi = M psi  exp(-s L) Psi, M_0 = I - s/2^T L
//   graph_eigenvectors   Phi <- QR(L Phi), or                 subspace iteration: a sweep is one
//                        QR(mu Phi - L Phi)                   product and k - 1 layers of
//                                                             Gram-Schmidt
//
// Blocks of columns are (B, Psi, Phi), of the fast ones (B, Psi, I, M, Phi), I one hot of the node.
//
// With `norm` each layer ends with the norm of Cheng et al.: B over its Frobenius norm and [Psi |
// Phi] over theirs (the fast ones leave I and M as they are). Then the output is the same up to its
// scale, for prompts whose B has norm 1 to begin with: delta and s are for that L. The norm of the
// columns of Phi belongs to subspace iteration and is always there.
//
// Letters: n nodes, d edges (columns of B, which may be zero), k demands. Demands are centred, and
// delta <= 1 / lambda_max. Errors: config, for sizes, numbers that are not positive, and widths or
// layers that a description does not have. Cost: a few W^2 numbers a layer.
#pragma once

#include "gramian/base/error.h"
#include "gramian/theory/token_construction.h"

namespace gramian {

struct GraphConstructionSpec {
  int nodes = 10, edges = 20, demands = 4;
  int layers = 20;      // of electric_potential, resistive_embedding, heat_taylor, heat_euler, and
                        // of the fast ones T + 1 (the first makes M_0)
  double largest = 1;   // lambda_max or a bound on it
  double least = 0.05;  // lambda_2: of the bound alone
  double heat_time = 0.5;  // s
  bool norm = false;
};

Expected<TokenConstruction> electric_potential(const GraphConstructionSpec& spec);
Expected<TokenConstruction> resistive_embedding(const GraphConstructionSpec& spec);
Expected<TokenConstruction> heat_taylor(const GraphConstructionSpec& spec);
Expected<TokenConstruction> heat_euler(const GraphConstructionSpec& spec);
Expected<TokenConstruction> electric_fast(const GraphConstructionSpec& spec);
Expected<TokenConstruction> heat_fast(const GraphConstructionSpec& spec);

struct EigenvectorSpec {
  int nodes = 10, edges = 20;
  int vectors = 4;     // k
  int sweeps = 20;     // k layers each
  bool top = true;     // of the largest eigenvalues; false: of the least, 0 among them
  double largest = 1;  // mu of the least: at least lambda_max
  bool norm = false;
};
// Phi begins as Psi, a random start.
Expected<TokenConstruction> graph_eigenvectors(const EigenvectorSpec& spec);

// What is left of L^+ psi, embeddings and heat, relative to the spectral norm of what is asked,
// after l layers, from the closed form of the algorithm on one eigenvalue. They are the bounds
// above as numbers.
double potential_bound(double delta_lambda, int layers);       // (1 - delta lambda)^l
double fast_potential_bound(double delta_lambda, int layers);  // (1 - delta lambda)^(2^l)
// sum over j >= l of a_j x^j sqrt(1 - x), x = 1 - delta lambda: the rest of the series, times
// lambda^(1/2) of its limit.
double embedding_bound(double delta_lambda, int layers);
// |sum over j > l of (-x)^j / j!| exp(x), for x = s lambda, relative to exp(-x).
double heat_taylor_bound(double heat, int layers);
double heat_euler_bound(double heat, int layers);  // |(1 - x / T)^T - exp(-x)|, absolute

}  // namespace gramian
