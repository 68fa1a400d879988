// Masks of an attention between the tokens of a prompt, for Recorder::softmax and, as a constant,
// for times: [tokens, tokens] by rows, 1 where the token of the row may see that of the column and
// 0 elsewhere.
#pragma once

#include <vector>

#include "gramian/base/assert.h"

namespace gramian {

// Each token sees itself and at most the width - 1 tokens before it. Preconditions: tokens and
// width at least 1.
inline std::vector<double> window_mask(int tokens, int width) {
  GRAMIAN_ASSERT(tokens >= 1 && width >= 1);
  std::vector<double> mask;
  for (int i = 0; i < tokens; ++i) {
    for (int j = 0; j < tokens; ++j) mask.push_back(j <= i && j > i - width ? 1 : 0);
  }
  return mask;
}

// Each token sees itself and all before it.
inline std::vector<double> causal_mask(int tokens) { return window_mask(tokens, tokens); }

}  // namespace gramian
