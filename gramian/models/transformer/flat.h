// A transformer as a configuration gives it: a few numbers for the whole network, from which its
// description follows. Descriptions that these cannot say are made in code.
//
// Each block is an MLP, if there is a hidden layer, and attention: softmax in the first
// `softmax_layers` blocks, linear in the others, or everywhere the fixed step of gradient descent.
// The prediction is minus the last number of the query; or, of a network that ends in neurons, the
// attention of the last block maps each token to as many numbers, without a skip, and
//
//     prediction = 1/N sum_j sum_i a_i ReLU(number i of token j),   a_i = +-1 / sqrt(neurons)
//
// with signs that alternate. Where the task has answers at every token (tasks/token_source.h) every
// token reads itself and those before it, and the prediction of a token are its first numbers, or,
// with an embedding, a linear map of it.
//
// In place of linear attention a layer may have the delta rule or the mesa layer, and each may have
// gates (spec.h, Mixer), linear attention momentum among them. A network with one of these, or with
// a convolution over tokens, is causal:
// every token reads itself and those before it. The scale of delta and mesa is one. Convolution,
// keys of length 1 and norms are those of all layers, gates of those without softmax.
#pragma once

#include "gramian/models/network.h"
#include "gramian/models/transformer/spec.h"
#include "gramian/tasks/token_source.h"

namespace gramian {

struct FlatTransformer {
  int tokens = 11, width = 11;  // of a prompt, as the task has them
  int vocabulary = 0;           // of the task: its tokens are symbols; 0: they are numbers
  int positions = 0;            // columns of a sinusoidal encoding
  int embedding = 0;            // 0: none
  int hidden = 0;               // of the MLP; 0: none
  int layers = 1;
  int heads = 1;
  int key_size = 0;  // 0: the width in the network
  int softmax_layers = 0;
  bool gradient_step = false;           // in place of trained attention
  MixerKind mixer = MixerKind::linear;  // of the others: linear, delta or mesa
  Gates gates = {};
  Mesa mesa = {};
  int convolution = 0;  // 0: none
  bool unit_keys = false;
  bool norm_heads = false;
  NormKind mixer_norm = NormKind::none;  // before the attention: none, layer or rms
  bool tied = false;                     // one set of weights for all layers
  ContextScale context_scale = ContextScale::mean;
  bool query_in_keys = false;
  int neurons = 0;  // 0: none
  double clip = 0;  // 0: none
  bool attention_bias = false;
  Answers answers = {};  // of the task
};

// Errors: config, for numbers outside of their range and combinations without a meaning, in words
// that name the key of the configuration, such as [model.heads].
Expected<TransformerSpec> describe(const FlatTransformer& flat);

}  // namespace gramian
