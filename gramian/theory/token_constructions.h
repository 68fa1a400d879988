// Transformers on tokens whose weights are an algorithm.
#pragma once

#include "gramian/models/transformer.h"

namespace gramian {

// Proposition 3 of von Oswald et al. (2022) with one layer of Proposition 1 behind it, for
// interleaved tokens of d numbers (x_j, then y_j in the last coordinate of the next token), n pairs
// and the query. The first layer writes what the next token holds beside a token of x, which
// becomes (x_j, 0, .., 0, y_j), and takes its position away; the second is a step of gradient
// descent from zero with the mean over the n pairs: prediction <w, x_q>, w = step/n sum y_j x_j.
//
// Here y_j stands where x has its last coordinate, so that tokens of y must not copy what follows:
// only tokens of x ask for the next one. (In gd_constructions.h x and y have coordinates of their
// own, and every token copies.) Positions are one-hot, with d more places for the copies.
Transformer interleaved_descent(int d, int n, double step);

}  // namespace gramian
