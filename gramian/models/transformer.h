// A transformer on tokens: an MLP before the attention, softmax, positions. What the recurrence on
// the Gram matrix (network.h) cannot express; it is recorded on a tape and costs what its tokens
// cost.
//
// Tokens are rows of E [N, D], the query last. In the network their width is W:
//
//     E <- (E encoding)                              if there are positions
//     E <- E M                                       if there is an embedding, M [D + positions, W]
//     in each layer
//       E <- E + gelu(E A + a) B + b                 if there is a hidden layer, A [W, hidden], B
//                                                    [hidden, W]
//       E <- E + c sum_h (E Q_h)(C K_h)^T (C V_h) P_h    C the rows that are keys; c of
//         ContextScale
//       or with softmax((E Q_h)(C K_h)^T) and no c
//       E <- clipped to [-clip, clip]                if there is a clip
//     prediction = -E[N - 1, W - 1]
//
// With Q_h [W, key size], V_h, K_h the same and P_h [key size, W]. Without extras it is the network
// of network.h with P = P_h^T V_h^T and Q = K_h Q_h^T. In its last layer only the query is worked
// on.
//
// Letters: N tokens, n = those that are keys, D width of a token, W width in the network, L layers,
// H heads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/models/network.h"
#include "gramian/tape/tape.h"

namespace gramian {

// What is set beside a token to say where it is: sin and cos of its index over 10000^(2k /
// positions), or a one.
enum class Encoding { sinusoidal, one_hot };

enum class Attention {
  trained,
  // Proposition 1 of von Oswald et al. (2022) with W_0 = 0: of a token of W numbers the last is y
  // and the others are x, and y <- y - step c sum_j y_j <x_j, x>. The step is the only number that
  // is trained.
  gradient_descent,
};

struct TransformerSpec {
  int tokens = 11;    // N
  int width = 11;     // D
  int positions = 0;  // width of the encoding; 0: none
  Encoding encoding = Encoding::sinusoidal;
  int embedding = 0;  // W; 0: as wide as what comes in
  int hidden = 0;     // of the MLP; 0: none
  int layers = 1;
  int heads = 1;
  int key_size = 0;        // 0: W
  int softmax_layers = 0;  // the first so many; the others are linear
  Attention attention = Attention::trained;
  bool tied = false;
  ContextScale context_scale = ContextScale::mean;
  bool query_in_keys = false;
  double clip = 0;  // 0: none

  int inner_width() const { return embedding > 0 ? embedding : width + positions; }  // W
  int inner_key_size() const { return key_size > 0 ? key_size : inner_width(); }
  int keys() const { return query_in_keys ? tokens : tokens - 1; }  // n
  double context_factor() const { return context_scale == ContextScale::mean ? 1.0 / keys() : 1.0; }

  Status check() const;  // ranges, and combinations that mean nothing
};

inline constexpr int kMaxTokens = 4096;
inline constexpr int kMaxWidth = 1024;  // of tokens, keys and the hidden layer

struct RecordedTransformer {
  Tape tape;
  Value tokens = {};  // [N, D], the only input
  std::vector<Value> states =
      {};  // what enters the first layer, and what leaves each; after the last layer the query only
  Value before_attention = {};  // [1, 1] minus the read-out of the query before the last attention
};

// The output of the tape is the prediction, [1, 1].
Expected<RecordedTransformer> record(const TransformerSpec& spec);
// All tokens after the first `layers` layers are the output, [N, W].
Expected<RecordedTransformer> record_states(const TransformerSpec& spec, int layers);

// theta holds the parameters of the tape in their order: embedding, then of each layer the MLP and
// its heads.
struct Transformer {
  TransformerSpec spec;
  std::vector<double> theta;

  // N(0, 1 / rows) for embedding and MLP, zero biases; `noise` times that for Q, K, V and P; a step
  // of 1.
  static Expected<Transformer> initial(const TransformerSpec& spec, double noise,
                                       std::uint64_t seed);
};

}  // namespace gramian
