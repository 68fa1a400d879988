// The weights of a layer as numbers that can be compared: omegas for G/n, heads in one gauge, the
// nearest diagonal layer.
//
// The weights of a head are not determined by what it does: P -> cP, Q -> Q/c is the same head, and
// heads may be mixed by any rotation (P_h -> sum_g R_hg P_g, Q_h -> sum_g R_hg Q_g). What a layer
// does is the linear map
//
//     G -> A(G) = sum_h P_h G Q_h          on symmetric G
//
// and the nearest diagonal layer is the orthogonal projection of this map, in the sum of its
// squared coefficients, on the four maps of eq. 10, which are orthogonal to each other. It is also
// what is left of the layer when it is averaged over all rotations and reflections of x that a
// diagonal layer can express:
//
//     omega_xx = sum_h (tr P_xx tr Q_xx + <P_xx, Q_xx>) / (d^2 + d)
//     omega_xy = sum_h (tr P_xx Q_yy + <P_xy, Q_xy>) / d
//     omega_yx = sum_h (P_yy tr Q_xx + <P_yx, Q_yx>) / d
//     omega_yy = sum_h P_yy Q_yy
//
// P_xy is the column of P that reads y and writes x, and so on.
#pragma once

#include <vector>

#include "gramian/models/network.h"

namespace gramian {

// A head in the gauge |P| = |Q| (Frobenius) and trace Q >= 0, so that weights can be compared.
// Where the trace is 0 the largest entry of Q is positive. A head of which P or Q is 0 stays as it
// is.
struct HeadWeights {
  std::vector<double> p, q;  // [D, D]
  double p_diagonal = 1;  // share of the squared entries of P that is on its diagonal; 1 for P = 0
  double q_diagonal = 1;  // the same of Q
};

struct LayerSummary {
  Omega omega;  // of the layer (diag, gdpp) or of its projection (full), for G/n
  // Share of the squared coefficients of A(G) that the projection has, in the rows of A that write
  // x and in the one that writes y; 1 for a diagonal layer and for rows that are 0. The last
  // layer's rows of x have no effect.
  double diagonal_x = 1, diagonal_y = 1;
  std::vector<HeadWeights> heads;  // full only
};

// n: the context length, which turns plain sums into means.
LayerSummary summarise_layer(const Network& network, int layer, int n);

// The projection of every layer: a network of kind diag, with the context scale of `network`.
Network nearest_diagonal(const Network& network);

}  // namespace gramian
