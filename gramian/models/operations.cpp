#include "gramian/models/operations.h"

namespace gramian {

namespace {

// In multiply-adds; D^3 a general product, D^2 (D + 1) / 2 a symmetric one.
Operations full(const NetworkSpec& spec) {
  const double D = spec.d + 1, H = spec.heads, square = D * D, triangle = D * (D + 1) / 2;
  const double general = D * square, symmetric = D * triangle;
  Operations count;
  for (int l = 0; l + 2 < spec.layers; ++l) {
    const bool first = l == 0;  // dloss/dG of the first layer is not needed
    count.forward += 2 * H * general + general + symmetric;  // G Q, P (G Q); T G, (T G) T^T
    count.forward += square;                                 // z = T^T z'
    count.backward += square;                                // dz' = T dz
    count.backward +=
        2 * general + square + (first ? 0 : symmetric);  // dG' T, (dG' T) G + z' dz^T; T^T (dG' T)
    count.backward += H * (3 * general + (first ? 0 : 2 * symmetric));  // dP, d(G Q), dQ; dG
  }
  if (spec.layers == 1) {
    count.forward += H * 2 * square;   // G p, Q^T (G p)
    count.backward += H * 3 * square;  // Q dz, dQ, dp
    return count;
  }
  // The last two layers: T x and T^T x of the last but one cost 3 H D^2 each.
  const double map = 3 * H * square, pairs = 1 + 2 * H;
  count.forward += H * (3 * square + 2 * map) + map;   // p, G T^T p, Q^T g; T^T p, T v; T^T z
  count.backward += H * (3 * square + 2 * map) + map;  // dQ, Q dz, G r; T^T dg, T s; T dz
  count.backward += 2 * H * pairs * square;            // dP, dQ
  if (spec.layers > 2) count.backward += 2 * H * (1 + pairs) * triangle;  // dG
  return count;
}

Operations diagonal(const NetworkSpec& spec) {
  const double d = spec.d, square = d * d, triangle = d * (d + 1) / 2;
  const double general = d * square, symmetric = d * triangle;
  const bool gdpp = spec.kind == Parametrisation::gdpp;
  Operations count;
  for (int l = 0; l < spec.layers - 1; ++l) {
    const bool next = l + 2 < spec.layers;  // the last layer needs no S, and gives no dS
    const bool inner = l > 0;     // dloss/dS and dloss/dalpha of the first layer are not needed
    count.forward += 2 * square;  // tau, rho
    if (next) count.forward += 2 * symmetric + triangle * (gdpp ? 2 : 4);  // S^2, S^3; S'
    count.forward += square;                                               // z = T^T z'
    count.backward += square;                                              // dz' = T dz
    if (next) count.backward += general + 2 * square;                      // N; <N, S>, <N, S^2>
    if (next && inner) count.backward += general + symmetric;              // M, S N
    if (next && !gdpp) count.backward += (inner ? 2 : 1) * square;         // dS' alpha, dS' beta
    if (inner) count.backward += 2 * square + 6 * triangle;  // S ddelta, S dtau; the sweep of dS
  }
  return count;
}

}  // namespace

Operations count_operations(const NetworkSpec& spec) {
  Operations count = spec.is_dense() ? full(spec) : diagonal(spec);
  count.forward *= 2;
  count.backward *= 2;
  return count;
}

}  // namespace gramian
