// What the studies of von Oswald et al. (2023) measure of linear attention: where the weight
// of its products is, the same network with block-scalar products, and what its tokens hold after
// each layer.
//
// A head of a layer reads sum_t' (e_t Q K^T e_t'^T) e_t' V P (rows are tokens), so that it is known
// by the products Q K^T and V P, [W, W]. Tokens have slots of d numbers: a product is a table of
// [d, d] blocks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gramian/base/decompositions.h"
#include "gramian/base/error.h"
#include "gramian/models/transformer.h"
#include "gramian/studies/scores.h"
#include "gramian/tasks/token_task.h"

namespace gramian::mesa_optimisation {

// The products of one head of one layer.
struct HeadProducts {
  RowMajorMatrix scores, values;  // Q K^T, V P
};
// All heads of a layer. Requires: linear attention without biases (asserted).
std::vector<HeadProducts> products_of(const Transformer& network, int layer);

// A layer on tokens (0, s_t, s_{t-1}) of slots 0, 1 and 2, of which slot 0 is read out. What it
// adds to slot 0 is a trilinear map of query, key and value, sum_h scores_h[a, b] x values_h[c, 0]
// for slots a of the query, b of the key and c of the value in {1, 2}; the squares of its numbers
// are shared out over these eight combinations. That of Proposition 1 is a = 1, b = 2, c = 1.
struct OneLayerWeights {
  double share = 0;     // of the squares in the combination of Proposition 1
  double identity = 0;  // share of that combination's squares that a multiple of I x I has
  double step = 0;      // the multiple: the step of gradient descent
};
OneLayerWeights measure_one_layer(const Transformer& network, int d);

// What is left of a product where of each [d, d] block only the mean of the diagonal is kept, times
// I: it is block-scalar. Requires: rows and columns that d divides (asserted).
RowMajorMatrix block_scalars(const RowMajorMatrix& product, int d);

// The network whose products are (1 - share) times those of `network` and `share` times the
// block-scalar ones of `other`, which has the same description (CompressedAlg, for share = 1 and
// one network: 32 numbers a head and layer of tokens with four slots). Its Q and V are the
// products, and its K and P the identity.
Expected<Transformer> interpolated(const Transformer& network, const Transformer& other, int d,
                                   double share);
Expected<Transformer> compressed(const Transformer& network, int d, double share);

// What the tokens of a layer read of each other: for each head the mean over prompts of the size of
// the score of a query (row) and a key (column), [T, T], with the factor of the mixer; of softmax
// that of its weights. Keys behind their query are 0. Requires: linear attention or softmax that is
// causal, without biases or other parts (asserted in part). Errors: config.
Expected<std::vector<RowMajorMatrix>> attention_maps(const TokenTask& task,
                                                     const Transformer& network, int layer,
                                                     std::uint64_t prompts);

// The name of Q, K, V or P of a head.
std::string head_weights(int layer, int head, char which);
// The parameter of this name, [rows, columns]. Requires that there is one (asserted).
RowMajorMatrix weights_of(const Transformer& network, const std::string& name);

// The mean loss on the prompts of an evaluation. Errors: none of its own.
Expected<Estimate> loss_of(const TokenTask& task, const Transformer& network,
                           std::uint64_t prompts);

// How much of what a token could hold is a linear function of what it holds, after 0, 1, .., L
// layers: for each position from d on a least-squares fit with a constant on half of the prompts,
// judged on the other half, as 1 - sum |error|^2 / sum |target - its mean|^2 over positions.
struct ProbeNumbers {
  std::vector<double> past = {};     // s_{t-1}
  std::vector<double> next = {};     // s_{t+1}
  std::vector<double> inverse = {};  // (S_{t-1} S_{t-1}^T + ridge I)^-1 s_t
};
// Requires: tokens with observations (asserted), prompts >= 256. Errors: config.
inline constexpr double kProbeRidge = 1e-3;  // 1/lambda of the publication
Expected<ProbeNumbers> measure_probes(const TokenTask& task, const Transformer& network,
                                      std::uint64_t prompts, double ridge);

}  // namespace gramian::mesa_optimisation
