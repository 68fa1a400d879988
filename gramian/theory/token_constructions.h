// A transformer on tokens whose weights are set by formula, so that it runs an algorithm.
#pragma once

#include "gramian/models/transformer.h"

namespace gramian {

// Proposition 3 of von Oswald et al. (2022) with one layer of Proposition 1 behind it, for
// interleaved tokens of d numbers (x_j, then y_j in the last coordinate of the next token), n pairs
// and the query. The first layer copies the content of the next token beside each token of x, which
// becomes (x_j, 0, .., 0, y_j), and removes its position. The second layer is a step of gradient
// descent from zero on the mean over the n pairs: it predicts <w, x_q>, w = step/n sum y_j x_j.
//
// Here y_j has the coordinate that is the last one of x, so that tokens of y must not copy the next
// token: only tokens of x attend to it. (In gd_constructions.h x and y have coordinates of their
// own, and every token copies.) Positions are one-hot, followed by d coordinates for the copies.
Transformer interleaved_descent(int d, int n, double step);

}  // namespace gramian
