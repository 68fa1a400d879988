// Linear self-attention on tokens with any number of outputs, and weights with which it runs an
// algorithm (von Oswald et al. 2022). Plain loops: the fast networks are tested against them, and
// several outputs, which the fast networks do not have, exist here only.
//
//     e' = e + P sum_{j in keys} e_j (e_j^T Q e)       for every token e, the query last and no key
//
// Tokens are rows, [count, size]. With d inputs and o outputs a token is (x, y), size d + o, and
// the query (x_q, -W_0 x_q); after the layers the prediction is minus its y.
//
// Letters: d input dimension, o outputs, n context length, W_0 [o, d] the start of gradient
// descent.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace gramian {

struct TokenLayer {
  std::size_t size = 0;
  std::vector<double> p, q;  // [size, size] row-major
};

// Where x and y are in a token.
struct TokenShape {
  std::size_t size, x, y;  // numbers in a token; the first coordinates of x and of y
  std::size_t inputs, outputs;
};
constexpr TokenShape plain_shape(std::size_t d, std::size_t o) { return {d + o, 0, d, d, o}; }

// The tokens after the layer; the last token is no key.
std::vector<double> attend(const TokenLayer& layer, std::span<const double> tokens);

// Proposition 1 and GD++: for every token at once y <- y - dW x and x <- x - curvature sum_i x_i
// x_i^T x, with dW = -step sum_i (W_0 x_i - y_i) x_i^T. curvature = 0 is plain gradient descent
// from W_0 (empty: zero); K layers are K steps.
TokenLayer gd_layer(const TokenShape& shape, double step, double curvature = 0,
                    std::span<const double> start = {});

// Proposition 3: tokens (content, one-hot position) of size content + positions, with x_j and y_j
// in tokens that follow each other, (x_j, 0) and (0, y_j). One layer replaces the position of every
// token by the content of the next one, for the token of x_j by (0, y_j). The last token has no
// next one and keeps its position, and so does the one before it, since the query is no key.
TokenLayer copy_layer(std::size_t content, std::size_t positions);
// Where x and y are in a token of x after that layer, for gd_layer. content = d + o, and there are
// at least as many positions.
constexpr TokenShape copied_shape(std::size_t d, std::size_t o, std::size_t positions) {
  return {d + o + positions, 0, d + o + d, d, o};
}

}  // namespace gramian
