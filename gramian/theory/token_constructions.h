// Transformers on tokens whose weights are an algorithm.
#pragma once

#include <span>

#include "gramian/models/transformer.h"
#include "gramian/theory/gd_constructions.h"

namespace gramian {

// Proposition 3 of von Oswald et al. (2022) with one layer of Proposition 1 behind it: one step of
// gradient descent from zero on the mean over n pairs of 1/2 (y_j - <w, x_j>)^2, so that the
// prediction is <w, x_q> with w = step/n sum_j y_j x_j.
//
// Tokens are interleaved: x_j, a token of d numbers, then y_j in the last coordinate of the next
// token, and the query at the end, 2n + 1 in all. Positions are one-hot, with d more columns, which
// are zero and into which the first layer copies: beside a token of x it writes what the next token
// holds, and it takes the position away, so that the token becomes (x_j, 0, .., 0, y_j). The second
// layer is the step.
//
// Tokens of y must not copy what follows, since y_j stands where x has its last coordinate: only
// tokens of x ask for the next one. (In gd_constructions.h x and y have coordinates of their own,
// and every token copies.)
//
// Requires d, n >= 1 and tokens within the limits of spec.h. Cost: a few (2n + 1 + 2d)^2 numbers.
Transformer interleaved_descent(int d, int n, double step);

// Layers with P and Q (gd_constructions.h) as a transformer whose Q, K, V and P are Q^T, the
// identity, the identity and P^T. `positions` columns of one-hot positions stand beside what comes
// in; the output are minus `outputs` numbers of the query from column `first` on.
//
// Requires: at least one layer, all of the size tokens have in the network (asserted), and sizes
// within the limits of spec.h. Cost: four matrices of that size a layer.
struct TokenLayerNetwork {
  int tokens = 0;
  int positions = 0;
  int first = 0, outputs = 1;
};
Transformer transformer_of(std::span<const TokenLayer> layers, const TokenLayerNetwork& network);

}  // namespace gramian
