// Causal networks that learn a linear dynamical system in context, set by formula (von Oswald et
// al. 2023, arXiv 2309.05858, Propositions 1 and 2, and Section 4).
//
// A sequence s_1, .., s_T of d numbers each is predicted by s_{t+1} = Phi_t s_t, Phi_t learned from
// the pairs (s_{t'-1}, s_{t'}), t' <= t, with s_0 = 0. A token holds its own pair, so that keys are
// s_{t'-1} and values s_{t'}, and a causal layer adds them up for every t at once:
//
//     sum_{t'<=t} s_{t'} <s_{t'-1}, x_t>  =  S_t S_{t-1}^T x_t,    S_t = (s_1, .., s_t)
//
// descent   Proposition 1. One step of gradient descent on the sum over t' <= t of
//           1/2 |s_{t'} - Phi s_{t'-1}|^2 from Phi = 0: Phi_t = step S_t S_{t-1}^T. One layer,
//           tokens (0, s_t, s_{t-1}).
// solve     Proposition 2. Ridge regression, Phi_t s_t = S_t S_{t-1}^T x_t where x_t solves
//           (S_{t-1} S_{t-1}^T + ridge I) x = s_t, found for all t at once by
//
//               x <- x + alpha_k (s_t - (S_{t-1} S_{t-1}^T + ridge I) x) + beta_k (x - x_before)
//
//           from x = s_t, a layer a step, and one layer of Proposition 1 behind them. Tokens
//           (0, s_t, s_t, s_{t-1}), of which the second block becomes x, and d zeros beside.
// mesa      The mesa layer itself (sequence/mesa.h): the same ridge regression, solved exactly by
//           one layer with keys s_{t'-1}, values s_{t'} and query s_t. Tokens (0, s_t, s_{t-1}).
//
// alpha and beta are those of Richardson's iteration or of Chebyshev's for eigenvalues in
// [ridge, ridge + largest]. Where the eigenvalues of S_{t-1} S_{t-1}^T are at most `largest`, the
// distance of x from the solution after K steps is at most its distance at first times
//
//     Richardson  (1 + 2 r)^-K,  r = ridge / largest
//     Chebyshev   2 c^K / (1 + c^(2 K)),  c = (sqrt(1 + r) - sqrt(r)) / (sqrt(1 + r) + sqrt(r))
//
// `ridge` is 1 / lambda of the paper. The output is the prediction of every token, [T, d].
//
// Errors: config, for sizes that are not positive or too large for a network (models/transformer).
// Cost: 25 d^2 numbers a layer.
#pragma once

#include <vector>

#include "gramian/base/error.h"
#include "gramian/theory/token_construction.h"

namespace gramian {

struct SequenceDescentSpec {
  int d = 5;
  int tokens = 20;  // T
  double step = 0.1;
};
// State out, s, before.
Expected<TokenConstruction> sequence_descent(const SequenceDescentSpec& spec);

struct SequenceSolveSpec {
  int d = 5;
  int tokens = 20;      // T
  int steps = 20;       // K
  double ridge = 1;     // > 0
  double largest = 20;  // eigenvalue of S S^T that the steps are made for, > 0
  bool chebyshev = true;
};
// State out, x, s, before, x_before.
Expected<TokenConstruction> sequence_solve(const SequenceSolveSpec& spec);

struct SequenceMesaSpec {
  int d = 5;         // <= 128
  int tokens = 20;   // T
  double ridge = 1;  // > 0
};
// State out, s, before.
Expected<TokenConstruction> sequence_mesa(const SequenceMesaSpec& spec);

// alpha_k and beta_k, k = 0 .. steps - 1.
struct IterationStep {
  double alpha = 0, beta = 0;
};
std::vector<IterationStep> solve_steps(const SequenceSolveSpec& spec);

// The bound above.
double solve_bound(const SequenceSolveSpec& spec);

}  // namespace gramian
