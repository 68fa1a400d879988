// A transformer computed token by token in plain loops: the oracle of its recorded operations.
//
// What it computes is in spec.h; nothing of the tape is used, and nothing but the matrices is
// shared with record.cpp. Shapes: theta as RecordedTransformer::parameters lists it, tokens
// [stem.tokens, stem.width], both row-major. Requires a description that passes its check and a
// theta of its size (asserted). Cost: that of the network, with no care for speed.
#pragma once

#include <vector>

#include "gramian/models/transformer/spec.h"

namespace gramian {

struct TransformerStates {
  std::vector<std::vector<double>> states = {};  // [N, W]: stem, then what leaves each block
  std::vector<double> output = {};
};

TransformerStates token_forward(const TransformerSpec& spec, const std::vector<double>& theta,
                                const std::vector<double>& tokens);

}  // namespace gramian
