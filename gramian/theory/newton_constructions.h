// Linear attention that inverts matrices and solves least squares by Newton-Schulz, set by formula
// (Giannou et al. 2024, Lemma 4.1 and Theorem 4.2, from the matrices of their proofs).
//
// A layer of linear attention is a sum of products of three blocks of tokens, V K^T Q
// (token_construction.h), and Newton-Schulz is X' = 2 X - X A X:
//
//     symmetric   one layer a step:   heads  -X R X  and  +X
//     general     two layers a step:  B = A X;  then heads  -X B  and  +X - B
//     regression  R = 1/n A^T A + ridge I, symmetric steps for R, then w = X 1/n A^T y and <w, x_q>
//
// Letters: d size of the matrix, or input dimension; n context length, A [n, d] the inputs of a
// prompt as rows; T steps; kappa the condition number. X_0 is alpha A^T, alpha = 2 / (s^2 + r^2)
// for singular values in [r, s] = [largest / condition, largest].
//
// The bound of each: in exact arithmetic |I - A X_t| <= rho^(2^t) with rho = (kappa^2 - 1) /
// (kappa^2 + 1), so that about 2 log2 kappa + 5 steps leave rounding alone.
//
// Errors: config, for sizes that are not positive, too many steps for a network of kMaxLayers, and
// a range of singular values that holds 0 (a singular matrix). Cost: a few W^2 numbers a layer.
#pragma once

#include "gramian/base/error.h"
#include "gramian/theory/token_construction.h"

namespace gramian {

struct InverseSpec {
  int d = 5;
  int steps = 8;          // T
  double largest = 1;     // singular value of A
  double condition = 10;  // kappa: the least one is largest / condition
};

// Token j, of d, is row j of A = A^T, and column j of X comes out of it. Width 3d, two heads, T
// layers. State X, R, I.
Expected<TokenConstruction> symmetric_inverse(const InverseSpec& spec);

// Token j is row j of A, and column j of X comes out of it. Width 4d, two heads, 2T layers: X_t is
// the state after layer 2t. State X, A^T, B, I.
Expected<TokenConstruction> general_inverse(const InverseSpec& spec);

struct RegressionSpec {
  int d = 5;
  int n = 20;  // of the prompts that it is written for; it runs on every n >= d
  int steps = 8;
  double ridge = 0;       // penalty, beside 1/n A^T A
  double largest = 3;     // eigenvalue of R = 1/n A^T A + ridge I
  double condition = 10;  // of R
};

// Tokens are (x_j, y_j) and the query (x_q, 0), as in tasks/token_task.h; the output is <w, x_q>.
// Width 4d + 2, two heads, T + 3 layers: X_t is the state after layer t + 1. The query is no key,
// so that it may hold its x where the others do. State X, R, I, A, y, out. Errors also where n < d:
// the identity needs d tokens, and without a ridge R would be singular.
Expected<TokenConstruction> newton_regression(const RegressionSpec& spec);

}  // namespace gramian
