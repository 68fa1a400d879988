// A linear transformer on a graph in its efficient form: a few numbers a layer, where the full
// weights would have (d + 2k)^2 for d edges.
//
// Tokens are nodes, with rows [B | Psi | Phi]: incidence, demands, and the answer, which begins as
// 0. Every construction of theory/graph_constructions.h has Q^T K a multiple of the identity on B
// and diagonal on Phi, and values and skips that are multiples of the identity or diagonal. Nothing
// else is kept (Cheng et al. 2024, their efficient form, with demands):
//
//     G   = c B B^T                            the Laplacian, c = 1, 1/n or n
//     A   = c (Phi diag u)(Phi diag v)^T
//     B   += keep B + read G B + couple A^T B
//     Psi += Psi diag keep + G Psi diag read + A^T Psi diag couple
//     Phi += Phi diag keep + G Phi diag read + A^T Phi diag couple
//            + Psi diag from + G Psi diag from_read + A^T Psi diag from_couple
//
// all at once from the state before the layer, and then the norm: B over its Frobenius norm, and
// [Psi | Phi] over its own (frobenius) or each column over its length (columns). Where Psi starts
// something that has no demands, such as eigenvectors, the first layer copies it (from = 1).
//
// B is never needed, only its Gram matrix: a layer changes it by G <- T G T^T, T = I + keep I +
// read G + couple A^T, and B over its norm is G over its trace. So B may be rotated, its columns
// exchanged or turned round, and nothing changes.
//
// record_graph_network() writes the network down as operations of a tape, for training;
// run_graph_network() runs it in double on any graph:
//
//     without rewriting of B (spec.rewrites is false)   O(d k + n k^2) a layer, memory O(d + n k)
//     with it                                           O(n^3) a layer, memory O(n^2), for at most
//                                                       kMaxDenseNodes nodes
//
// since B of layer l is then a polynomial of degree 3^l in L, which is not sparse.
//
// Letters: n nodes, d edges, k columns of Psi and Phi, L layers. Errors: config, for sizes that do
// not fit.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/base/words.h"
#include "gramian/models/sparse_laplacian.h"
#include "gramian/models/transformer/parameters.h"
#include "gramian/tape/tape.h"

namespace gramian {

enum class GraphNorm { none, frobenius, columns };
inline constexpr auto kGraphNorms = words<GraphNorm>({{GraphNorm::none, "none"},
                                                      {GraphNorm::frobenius, "frobenius"},
                                                      {GraphNorm::columns, "columns"}});

// c. nodes: n, which with a norm gives G eigenvalues whose mean is 1, whatever the graph.
enum class GraphScale { one, mean, nodes };
inline constexpr auto kGraphScales = words<GraphScale>(
    {{GraphScale::one, "one"}, {GraphScale::mean, "mean"}, {GraphScale::nodes, "nodes"}});

inline constexpr int kMaxGraphLayers = 100'000, kMaxGraphColumns = 1024, kMaxDenseNodes = 4000;

struct GraphNetworkSpec {
  int layers = 4;
  int columns = 0;        // 0: each number holds for all columns, of which there may be any number;
                          // k: one for each of k columns
  bool rewrites = false;  // whether B changes
  bool couples = false;   // whether there is A
  GraphNorm norm = GraphNorm::none;
  GraphScale scale = GraphScale::one;

  bool operator==(const GraphNetworkSpec&) const = default;
  Status check() const;
  double factor(int n) const {  // c
    return scale == GraphScale::one ? 1 : scale == GraphScale::mean ? 1.0 / n : n;
  }
  int width() const { return columns > 0 ? columns : 1; }  // numbers of a parameter of Psi and Phi
  // Names, [1, width] each ([1, 1] of B), in the order of theta: "layers.0.B.keep", ..
  std::vector<Parameter> parameters() const;
  std::size_t numbers() const;            // in theta
  std::size_t numbers_per_layer() const;  // of these
};

// The numbers of one layer, [width] each ([1] of B). What the spec does not have is 0.
struct GraphLayer {
  std::vector<double> b_keep, b_read, b_couple, psi_keep, psi_read, psi_couple, keep, read, couple,
      from, from_read, from_couple, u, v;

  explicit GraphLayer(int width);
};

struct GraphNetwork {
  GraphNetworkSpec spec;
  std::vector<double> theta;  // [numbers()]

  static GraphNetwork of(const GraphNetworkSpec& spec, const std::vector<GraphLayer>& layers);
  GraphLayer layer(int index) const;
};

struct RecordedGraphNetwork {
  Tape tape;
  Value tokens = {};  // [n, d + k], an input: [B | Psi]
  Value output = {};  // Phi after the last layer, [n, k]; of a loss [1, 1]
  std::optional<Value> target = {};
};

// Of a prompt with n nodes and d columns of B. What stands behind the output: nothing, or a loss
// against a target, which is an input of its shape.
enum class GraphLoss {
  none,
  scale_free,  // 1/2 |Phi / |Phi| - target|^2 for a target of norm 1
  sign_free,   // 1/2 sum over columns of min |+- phi / |phi| - target|^2
};
Expected<RecordedGraphNetwork> record_graph_network(const GraphNetworkSpec& spec, int n, int d,
                                                    int k, GraphLoss loss = GraphLoss::none);
// The loss after `output` [n, k] of any network, for targets of the same kind.
Value record_graph_loss(Recorder& recorder, Value output, GraphLoss loss,
                        std::optional<Value>& target);

// Called after each layer, l = 1, 2, .., with Phi, row-major [n, k].
using GraphLayerFunction = std::function<void(int layer, std::span<const double> phi)>;

// Phi after the last layer, row-major [n, k], for demands Psi, the same. Errors: config, for a
// number of columns that
// the network does not have, and for rewriting with more than kMaxDenseNodes nodes; numeric, where
// numbers leave the range of double.
Expected<std::vector<double>> run_graph_network(const GraphNetwork& network,
                                                const SparseLaplacian& laplacian,
                                                std::span<const double> demands, int k,
                                                const GraphLayerFunction& after_layer = {});

}  // namespace gramian
