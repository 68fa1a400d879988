// Networks on graphs in their efficient form (models/graph_network.h) whose numbers are set by
// formula: the same algorithms as graph_constructions.h on graphs of any size, and two that rewrite
// the incidence matrix.
//
//   descent_network     Phi <- Phi - delta_l (L Phi - Psi)    constant delta = 1 / largest, or the
//                                                             steps of Chebyshev for [least,
//                                                             largest], in Leja's order (Reichel
//                                                             1990), which keeps sums small
//   series_network      resistive embedding by its series
//   taylor_network, euler_network        heat kernel
//   subspace_network    eigenvectors, k numbers a row
//   polar_network       B <- t B, phi <- t phi, t = (3 I - delta G) / 2: G = B B^T then goes to the
//                       projection on the complement of the constants, and with x <- x t(x)^2
//                       for every eigenvalue x of delta L, so that x^(-1/2) = product of the t(x)
//                       and phi = L^(+ 1/2) Psi after log log many layers (Newton-Schulz for the
//                       polar factor). A potential is x^(-1) = product of the t(x)^2, which takes
//                       two layers a step: the first leaves B as it is.
//
// The error of polar_network after t steps at an eigenvalue: 1 - x_t, |1 - x_(t+1)| <= |1 - x_t|^2
// for x in (0, 1]; a small x grows by 9/4 a step first.
//
// Letters: L the Laplacian, delta lambda in (0, 1]. Preconditions: sizes that are positive
// (asserted). Errors: none. Cost: that of the numbers; Leja's order O(layers^2).
#pragma once

#include "gramian/models/graph_network.h"

namespace gramian {

struct StepRange {
  double least = 0;    // lambda_2, or a bound; 0: constant steps
  double largest = 1;  // lambda_max, or a bound
};

GraphNetwork descent_network(int layers, const StepRange& range);
GraphNetwork series_network(int layers, double largest);
GraphNetwork taylor_network(int layers, double heat_time);
GraphNetwork euler_network(int layers, double heat_time);
// The least eigenvalues are the largest of mu I - L, mu = largest. `trace` of L: the norm leaves L
// over its trace from the second layer on, where mu is largest / trace. With `top` neither is read.
// sweeps * vectors layers.
GraphNetwork subspace_network(int sweeps, int vectors, bool top, double largest, double trace);
// For GraphQuestion::embedding, or two layers a step for a potential.
GraphNetwork polar_network(int layers, double largest, bool potential);

// What is left of the largest error by Chebyshev's steps: 1 / T_l((b + a) / (b - a)).
double chebyshev_bound(int layers, const StepRange& range);
// 1 - x_t^(1/2), of an embedding after t steps at delta lambda = x_0.
double polar_error(double delta_lambda, int steps);

}  // namespace gramian
