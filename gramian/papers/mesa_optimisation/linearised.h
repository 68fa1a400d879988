// A layer of softmax attention in a trained network, and linear attention in its place (von Oswald
// et al. 2023, Fig. 5): a layer of as many heads and keys of the same size is trained to give, for
// what enters the mixer of the softmax layer on prompts of the task, what that mixer gives,
//
//     sum_h softmax(c X Q_h (X K_h)^T) X V_h P_h  ~  1/T sum_h (X Q'_h (X K'_h)^T) X V'_h P'_h,
//
// both causal, in the mean square over prompts and tokens, and is then put into the network, of
// which nothing is trained again.
//
// Shapes: X [T, W]. Layers count from 0. Requires: a mixer of softmax without biases in that layer,
// and a network without learned tokens in front (asserted). Errors: config, of a network that
// cannot be recorded. Cost: a prompt of the task is one forward pass of the network.
#pragma once

#include <vector>

#include "gramian/figures/result.h"
#include "gramian/models/transformer.h"
#include "gramian/studies/scores.h"
#include "gramian/tasks/token_task.h"

namespace gramian::mesa_optimisation {

// Prompts whose tokens are what enters the mixer of a layer, [T, W], and whose answers are what it
// gives, at every token. They are those of `task`, with the same addresses.
TokenTask layer_task(const TokenTask& task, const Transformer& network, int layer);

// The linear attention that is to learn it: reads and gives [T, W].
TransformerSpec linear_layer(const Transformer& network, int layer);

// The network with this linear attention, of such a description, in place of the mixer.
Expected<Transformer> with_linear_layer(const Transformer& network, int layer,
                                        const Transformer& linear);

// The network whose mixer of this layer gives zeros.
Transformer without_mixer(const Transformer& network, int layer);

// One layer of one seed: losses of the network as it is, with linear attention in place of the
// layer, and without its mixer, on the same prompts.
struct LinearisedNumbers {
  int d = 0, seed = 0;
  int layer = 0;  // from 1
  Estimate own = {}, linear = {}, without = {};
  double left = 0;  // of the squares of what the mixer gives, the share that is not reproduced
  double more() const { return linear.mean / own.mean - 1; }
};
std::vector<Claim> linearised_claims(const std::vector<LinearisedNumbers>& layers);

}  // namespace gramian::mesa_optimisation
