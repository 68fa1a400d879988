// The network as the paper writes it: token by token, in plain double loops. It is slow on purpose:
// every fast kernel is tested against it.
#pragma once

#include <vector>

#include "gramian/models/network.h"

namespace gramian {

// tokens: [n + 1, D] row-major, n >= 1, the query (x_t, 0) last. Returns the tokens after each
// layer, L + 1 entries of the same shape, the first being the input (eq. 3).
std::vector<std::vector<double>> token_forward(const Network& network,
                                               const std::vector<double>& tokens);

// Minus the last coordinate of the query token after each layer: [L].
std::vector<double> token_predictions(const Network& network, const std::vector<double>& tokens);

}  // namespace gramian
