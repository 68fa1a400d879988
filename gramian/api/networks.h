// Networks on Gram matrices from arrays of weights, and what they compute, as arrays.
//
//     e' = e + sum_h P_h G Q_h e,    G = c sum e e^T over the context    (models/network.h)
//
// Letters: B prompts, n examples, m queries, d input dimension, D = d + 1, L layers, H heads, K the
// size of a key. Errors of all functions: config, for shapes that do not fit, with the name of the
// array; for numbers that are not finite.
#pragma once

#include <string>
#include <vector>

#include "gramian/api/array.h"
#include "gramian/models/network.h"

namespace gramian::api {

struct Convention {
  ContextScale context_scale = ContextScale::sum;
  bool query_in_keys = false;
  bool tied = false;
  int layers = 1;  // with tied weights: how often they are used
};

// P and Q [L, H, D, D]; [1, H, D, D] with tied weights.
Expected<Network> from_pq(const Array& p, const Array& q, const Convention& convention);

// Weights of a usual attention layer without softmax and without biases, for tokens as rows:
// queries e W_q, keys e W_k, values e W_v, and the heads, side by side, times W_o. So
// P_h = (W_v,h W_o,h)^T and Q_h = W_k,h W_q,h^T. w_q, w_k, w_v: [L, D, H K]; w_o: [L, H K, D].
struct AttentionWeights {
  Array q, k, v, o;
  int heads = 1;
};
Expected<Network> from_qkvo(const AttentionWeights& weights, const Convention& convention);

// P and Q of all layers, [L, H, D, D]; H is 2 for DIAG.
struct DenseWeights {
  Array p, q;
};
DenseWeights to_pq(const Network& network);

// The four numbers of each layer [L, 4]: xx, xy, yx, yy. Errors: config, for other kinds than diag
// and gdpp.
Expected<Array> omegas(const Network& network);

// w^l before the first layer and after each: gram [B, D, D] of n tokens -> [B, L + 1, d]. Errors:
// also config for a network with the query among the keys, which has no implicit weights.
Expected<Array> implicit_weights(const Network& network, const Array& gram, int n, int threads = 0);

// The state of Theorem 4.1 (theory/implicit.h): x^l = M x + y u, y^l = a y - <w, x>.
struct States {
  Array m;  // [B, L + 1, d, d]
  Array u;  // [B, L + 1, d]
  Array a;  // [B, L + 1]
  Array w;  // [B, L + 1, d]
};
Expected<States> implicit_states(const Network& network, const Array& gram, int n);

// Predictions for queries: x [B, n, d], y [B, n], queries [B, m, d] -> [B, m]. Errors: as above.
Expected<Array> predict(const Network& network, const Array& x, const Array& y,
                        const Array& queries);

}  // namespace gramian::api
