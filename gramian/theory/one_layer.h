// The best network of one layer of linear attention on a task with a pool of weight vectors, and
// the expected loss of any such network, exactly.
//
// One layer reads off   w_hat = A^T G p,   G = sum_i e_i e_i^T the Gram matrix [D, D] of the n
// tokens e = (x, y), p [D] the last row of its P, and A [D, d] the columns of its Q that meet x.
// Given w, a token is normal with the covariance
//
//     T = [ S      S w             ]
//         [ w^T S  w^T S w + s^2   ],
//
// s the noise level, so that G is a Wishart matrix, E G M G = n^2 T M T + n (T M^T T + tr(M T) T),
// and the expected loss, 1/2 E (w_hat - w)^T S (w_hat - w) over prompts and over the pool, is
// quadratic in A for a given p and quadratic in p for a given A. The best A is then the solution of
// a linear system, and so is the best p: the search alternates between them, from p = the last unit
// vector (gradient descent) and from others, until nothing is gained. Every step lowers the loss,
// so that the result is an upper bound of the least loss, and in practice that loss.
//
// The closed theory of in-context learning by one layer of linear attention with few tasks (Lu et
// al. 2024, arXiv 2405.11751) takes p as given and the limit of large d, n and K; this is the case
// of finite sizes, for one pool.
//
// Letters: n context length, d input dimension, D = d + 1, S covariance of x, K size of the pool.
#pragma once

#include <vector>

#include "gramian/tasks/task.h"

namespace gramian {

struct OneLayer {
  std::vector<double> p;  // [D]
  std::vector<double> a;  // [D, d]
};

// Expected loss on the task of a pool, which need not be the one of training. Requires: the task
// has a pool, Gaussian inputs and a single noise level, and the sizes fit (asserted).
// Cost: K D^3.
double one_layer_loss(const RegressionTask& task, const OneLayer& layer);

// Requires the same of the task. Cost: K D^3 a step; some hundred steps from each start.
struct OneLayerOptimum {
  OneLayer layer;
  double loss = 0;
};
OneLayerOptimum best_one_layer(const RegressionTask& task);

}  // namespace gramian
