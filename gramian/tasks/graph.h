// Weighted graphs: an edge between u and v of weight w is a wire of conductance w, resistance 1/w.
//
// Its column of the incidence matrix B [n, d] is +sqrt(w) in row u and -sqrt(w) in row v, so that
// the Laplacian is the Gram matrix of the rows, L = B B^T:
//
//     L_uv = -w of the edge between u and v,    L_uu = sum of the weights of the edges at u
//
// make_graph draws one of a kind. Weights of the drawn ones are exp(2 (2u - 1)), u uniform on
// (0, 1): columns of B are multiplied by exp(2u - 1), as Cheng et al. (2024) do. Where a random
// graph comes out in several parts, an edge is added from each further part to the first.
//
//   csl              a cycle, and from each node an edge to the one `skip` further on (circular
//                    skip links); skip 0: an even number of at most n - 2, drawn
//   complete         all pairs
//   erdos_renyi      each pair with probability `density`
//   geometric        points in the unit square, pairs nearer than `density`
//   grid             about sqrt(n) columns, filled row by row
//   tree             each node to a random earlier one
//   barabasi_albert  each node to min(2, earlier nodes) earlier ones, by their degree
//
// Letters: n nodes, d edges, L Laplacian. Errors: config, of check(). Cost: n^2 draws for
// erdos_renyi, geometric and complete; otherwise n + d.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/base/words.h"
#include "gramian/random/uniforms.h"

namespace gramian {

struct Edge {
  int u = 0, v = 0;
  double weight = 1;  // conductance

  bool operator==(const Edge&) const = default;
};

struct Graph {
  int nodes = 0;
  std::vector<Edge> edges = {};

  bool operator==(const Graph&) const = default;
};

// Two nodes or more, ends that are nodes, no loops, no pair twice, weights positive and finite, and
// one part. Errors: config, with the edge and the rule.
Status check(const Graph& graph);

// Two nodes that several edges join, the lesser first; nothing where there are none.
std::optional<std::pair<int, int>> repeated_pair(const Graph& graph);

// Which part of the graph each node is in, from 0, in the order of their least nodes.
std::vector<int> parts_of(const Graph& graph);

// B, row-major [n, columns]; columns beyond the edges are zero. Requires: columns >= edges
// (asserted).
std::vector<double> incidence(const Graph& graph, int columns);

// L, row-major [n, n].
std::vector<double> dense_laplacian(const Graph& graph);

enum class GraphKind { csl, complete, erdos_renyi, geometric, grid, tree, barabasi_albert };
inline constexpr auto kGraphKinds =
    words<GraphKind>({{GraphKind::csl, "csl"},
                      {GraphKind::complete, "complete"},
                      {GraphKind::erdos_renyi, "erdos_renyi"},
                      {GraphKind::geometric, "geometric"},
                      {GraphKind::grid, "grid"},
                      {GraphKind::tree, "tree"},
                      {GraphKind::barabasi_albert, "barabasi_albert"}});

struct GraphSpec {
  GraphKind kind = GraphKind::csl;
  int nodes = 10;
  int skip = 0;          // of csl
  double density = 0.4;  // of erdos_renyi and geometric
  bool weighted = true;  // false: all weights are 1

  // Errors: config.
  Status check() const;
  // The most edges that a graph of this kind can have.
  int most_edges() const;
};

// With nodes and edges in the order in which they are made. Requires a spec that has passed its
// check.
Graph make_graph(const GraphSpec& spec, Uniforms& uniforms);

// The same graph with its nodes, its edges and their directions in a random order.
Graph shuffled(const Graph& graph, Uniforms& uniforms);

}  // namespace gramian
