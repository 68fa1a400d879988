// Patterns with a majority label: each of the n tokens shows one of M orthonormal patterns
//
//     x_j = mu_k(j) + noise / sqrt(d) z_j,   z_j ~ N(0, I_d)
//
// and the target of the prompt is its class, 1 or -1. Of the patterns the first R are relevant,
// those with an even index to the class 1 and the others to the class -1. Of the tokens
//
//     the first round(relevant_share n) show relevant patterns of the class of the prompt,
//     the next round(confusing_share n) show relevant patterns of the other class,
//     each of the others shows an irrelevant pattern, uniformly and independently,
//
// so that the class is that of the majority. The patterns are the first M unit vectors: a rotation
// of all of them changes nothing for weights that begin with a multiple of the identity and normal
// noise. The label is chance: 1 with probability positive_share. (The data of one-layer analyses of
// attention, Li et al. 2024.)
//
// Shapes: x of d numbers; the truth of a prompt is one number, the first relevant pattern that it
// shows. Errors: config, in words that name the key. Cost: a normal number for each number of a
// token.
#pragma once

#include <memory>

#include "gramian/base/error.h"
#include "gramian/tasks/pair_task.h"

namespace gramian {

struct PatternSpec {
  int d = 20, n = 40;
  int patterns = 10;             // M <= d
  int relevant = 2;              // R, even
  bool mixed = false;            // relevant tokens of a class show its patterns at random, and not
                                 // one of them that is drawn for the prompt
  double relevant_share = 0.3;   // of the tokens
  double confusing_share = 0.1;  // of the tokens; fewer than relevant ones
  double noise = 0.1;            // about the norm of the noise of a token
  double positive_share = 0.5;   // of the prompts

  int relevant_tokens() const;
  int confusing_tokens() const;
};

Expected<std::shared_ptr<const PairTask>> pattern_pairs(const PatternSpec& spec);

}  // namespace gramian
