// The transformer on tokens [B | Psi | Phi] of a graph with full weights: Q, K, V, P and a linear
// skip in each layer, every token a key, one head, no MLP, and after each layer the norm of
// graph_network.h (Cheng et al. 2024). Phi begins as zeros and is what is read out.
//
// Preconditions: a sum d + 2k within kMaxWidth, which TransformerSpec::check says. Errors: none.
#pragma once

#include "gramian/models/graph_network.h"
#include "gramian/models/transformer.h"

namespace gramian {

struct GraphTransformerSpec {
  int layers = 4;
  int nodes = 10, columns = 20, demands = 10;  // n, d, k
  GraphNorm norm = GraphNorm::frobenius;
  bool mean = true;  // scores over n
};

TransformerSpec graph_transformer(const GraphTransformerSpec& spec);

// The norm after a layer at tokens [B | Psi | Phi | rest], of these many columns.
Norm graph_norm(GraphNorm norm, int columns, int demands);

}  // namespace gramian
