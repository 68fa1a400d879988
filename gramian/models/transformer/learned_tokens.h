// A trained transformer with learned vectors among its tokens: for prompts of another kind than it
// was trained on, to which only these vectors are then fitted while its own weights are held
// (prefix tuning, Li and Liang 2021; the separator of von Oswald et al. 2023).
//
//     prefix      so many tokens in front of all others, each a vector of W numbers (Stem::prefix)
//     separator   a symbol of its own among the tokens. What comes in has one column more, behind
//                 its `width` columns: 1 of a separator, whose other columns are 0, and 0 of all
//                 other tokens. The vector is the row of this column in the embedding, so that a
//                 separator is the vector plus what stands for its position.
//
//   const auto more = GRAMIAN_TRY(with_learned_tokens(trained, {.prefix = 20}, seed));
//   auto loop = TransformerTrainer::create(task, more.network, how, pool);
//   GRAMIAN_TRY(train_kept(*loop, more.learned, progress));             // training/retraining.h
//
// Shapes: W is the width in the network. Requires: what is asked for is not there already. Errors:
// config, for a separator without an embedding or of a vocabulary, which has symbols already, for
// a network that has a prefix, and for more tokens than a network may have. Cost: that of recording
// the network.
#pragma once

#include <cstdint>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/models/transformer.h"

namespace gramian {

struct LearnedTokens {
  bool separator = false;
  int prefix = 0;
};

struct WithLearnedTokens {
  Transformer network;        // the trained weights, and vectors of N(0, I)
  std::vector<bool> learned;  // of each number of theta: whether it belongs to these vectors
};
// The same seed gives the same vectors.
Expected<WithLearnedTokens> with_learned_tokens(const Transformer& trained,
                                                const LearnedTokens& which, std::uint64_t seed);

}  // namespace gramian
