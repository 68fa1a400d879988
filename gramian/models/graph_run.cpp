// run_graph_network() of graph_network.h: on a sparse Laplacian, and on a dense Gram matrix where
// the network rewrites it.
#include <algorithm>
#include <cmath>

#include "gramian/base/decompositions.h"
#include "gramian/base/memory.h"
#include "gramian/models/graph_network.h"

namespace gramian {

namespace {

double number_at(const std::vector<double>& numbers, std::size_t column) {
  return numbers[numbers.size() == 1 ? 0 : column];
}

bool any_number(const std::vector<double>& numbers) {
  return std::ranges::any_of(numbers, [](double x) { return x != 0; });
}

// The numbers of a layer for each of k columns, and what of the layer there is to compute.
struct ColumnLayer {
  Eigen::RowVectorXd psi_keep, psi_read, psi_couple, keep, read, couple, from, from_read,
      from_couple, u, v;
  bool reads_phi, reads_psi, changes_psi, couples;

  ColumnLayer(const GraphLayer& layer, std::size_t k) {
    const auto spread = [k](const std::vector<double>& numbers) {
      Eigen::RowVectorXd row(static_cast<Eigen::Index>(k));
      for (std::size_t j = 0; j < k; ++j) row[static_cast<Eigen::Index>(j)] = number_at(numbers, j);
      return row;
    };
    psi_keep = spread(layer.psi_keep), psi_read = spread(layer.psi_read);
    psi_couple = spread(layer.psi_couple), keep = spread(layer.keep), read = spread(layer.read);
    couple = spread(layer.couple), from = spread(layer.from);
    from_read = spread(layer.from_read), from_couple = spread(layer.from_couple);
    u = spread(layer.u), v = spread(layer.v);
    reads_phi = any_number(layer.read);
    reads_psi = any_number(layer.psi_read) || any_number(layer.from_read);
    couples =
        any_number(layer.u) && any_number(layer.v) &&
        (any_number(layer.couple) || any_number(layer.psi_couple) || any_number(layer.from_couple));
    changes_psi = any_number(layer.psi_keep) || any_number(layer.psi_read) ||
                  (couples && any_number(layer.psi_couple));
  }
};

struct GraphState {
  RowMajorMatrix psi = {}, phi = {};          // [n, k]
  RowMajorMatrix new_psi = {}, new_phi = {};  // of the layer that is being computed
};

// What A^T adds: (Phi diag v) ((Phi diag u)^T X), two products of [n, k] with [k, k].
void add_coupling(const ColumnLayer& layer, double c, GraphState& state, bool psi_too) {
  const RowMajorMatrix keys = state.phi * layer.v.asDiagonal();
  const Eigen::MatrixXd with_phi = layer.u.asDiagonal() * (state.phi.transpose() * state.phi),
                        with_psi = layer.u.asDiagonal() * (state.phi.transpose() * state.psi);
  state.new_phi +=
      c * keys * (with_phi * layer.couple.asDiagonal() + with_psi * layer.from_couple.asDiagonal());
  if (psi_too) state.new_psi += c * keys * (with_psi * layer.psi_couple.asDiagonal());
}

// One pass over the rows of L. c: of G = c L.
template <int kFixed>
void sparse_layer(const ColumnLayer& layer, const SparseLaplacian& laplacian, double c,
                  GraphState& state) {
  const std::size_t k = kFixed > 0 ? kFixed : static_cast<std::size_t>(state.phi.cols());
  const auto n = static_cast<std::size_t>(state.phi.rows());
  std::vector<double> of_phi(k), of_psi(k);
  const double *keep = layer.keep.data(), *read = layer.read.data(), *from = layer.from.data(),
               *from_read = layer.from_read.data(), *psi_keep = layer.psi_keep.data(),
               *psi_read = layer.psi_read.data();
  for (std::size_t v = 0; v < n; ++v) {
    if (layer.reads_phi) laplacian.row_times<kFixed>(v, state.phi.data(), k, of_phi.data());
    if (layer.reads_psi) laplacian.row_times<kFixed>(v, state.psi.data(), k, of_psi.data());
    const double *phi = state.phi.data() + v * k, *psi = state.psi.data() + v * k;
    double* new_phi = state.new_phi.data() + v * k;
    for (std::size_t j = 0; j < k; ++j) {
      new_phi[j] = phi[j] + keep[j] * phi[j] + from[j] * psi[j] + c * read[j] * of_phi[j] +
                   c * from_read[j] * of_psi[j];
    }
    if (!layer.changes_psi) continue;
    double* new_psi = state.new_psi.data() + v * k;
    for (std::size_t j = 0; j < k; ++j)
      new_psi[j] = psi[j] + psi_keep[j] * psi[j] + c * psi_read[j] * of_psi[j];
  }
}

void dense_layer(const ColumnLayer& layer, const Eigen::MatrixXd& gram, double c,
                 GraphState& state) {
  const auto scaled = [c](const Eigen::RowVectorXd& row) { return (c * row).eval(); };
  const RowMajorMatrix of_phi = gram * state.phi, of_psi = gram * state.psi;
  state.new_phi = state.phi + state.phi * layer.keep.asDiagonal() +
                  state.psi * layer.from.asDiagonal() + of_phi * scaled(layer.read).asDiagonal() +
                  of_psi * scaled(layer.from_read).asDiagonal();
  state.new_psi = state.psi + state.psi * layer.psi_keep.asDiagonal() +
                  of_psi * scaled(layer.psi_read).asDiagonal();
}

void normalise_state(GraphNorm norm, GraphState& state) {
  if (norm == GraphNorm::frobenius) {
    const double size = std::sqrt(state.psi.squaredNorm() + state.phi.squaredNorm());
    if (size > 0) state.psi /= size, state.phi /= size;
    return;
  }
  for (RowMajorMatrix* part : {&state.psi, &state.phi}) {
    for (Eigen::Index j = 0; j < part->cols(); ++j) {
      const double length = part->col(j).norm();
      if (length > 0) part->col(j) /= length;
    }
  }
}

// G of the next layer from that of this one: c is of the scores, G itself has none.
Eigen::MatrixXd rewritten(const Eigen::MatrixXd& gram, const GraphLayer& layer,
                          const ColumnLayer& columns, double c, const RowMajorMatrix& phi) {
  Eigen::MatrixXd map = c * layer.b_read[0] * gram;
  map.diagonal().array() += 1 + layer.b_keep[0];
  if (columns.couples || layer.b_couple[0] != 0) {
    map += c * layer.b_couple[0] * (phi * columns.v.asDiagonal()) *
           (phi * columns.u.asDiagonal()).transpose();
  }
  const Eigen::MatrixXd next = map * gram * map.transpose();
  return (next + next.transpose()) / 2;
}

Status check_graph_run(const GraphNetwork& network, int n, Eigen::Index k) {
  GRAMIAN_TRY(network.spec.check());
  if (network.spec.columns != 0 && network.spec.columns != k) {
    return fail(ErrorKind::config, "the network is for {} columns of demands, and there are {}",
                network.spec.columns, k);
  }
  if (network.spec.rewrites && n > kMaxDenseNodes) {
    return fail(ErrorKind::config,
                "the network rewrites the incidence matrix, which makes it dense: that is for at "
                "most {} nodes, and the graph has {}",
                kMaxDenseNodes, n);
  }
  return check_memory(
      fmt::format("{} nodes and {} columns", n, k),
      4.0 * 8 * n * static_cast<double>(k) + (network.spec.rewrites ? 5.0 * 8 * n * n : 0),
      kMostThreadBytes);
}

}  // namespace

Expected<std::vector<double>> run_graph_network(const GraphNetwork& network,
                                                const SparseLaplacian& laplacian,
                                                std::span<const double> demands, int columns,
                                                const GraphLayerFunction& after_layer) {
  const int n = laplacian.nodes();
  const auto k = static_cast<std::size_t>(columns);
  GRAMIAN_ASSERT(columns >= 1 && demands.size() == static_cast<std::size_t>(n) * k);
  GRAMIAN_TRY(check_graph_run(network, n, columns));
  const GraphNetworkSpec& spec = network.spec;
  GraphState state{.psi = Eigen::Map<const RowMajorMatrix>(demands.data(), n, columns),
                   .phi = RowMajorMatrix::Zero(n, columns)};
  state.new_psi = state.psi, state.new_phi = state.phi;
  const double c = spec.factor(n);
  double size = 1;       // G = size L where B stays as it is
  Eigen::MatrixXd gram;  // where it does not
  if (spec.rewrites) {
    gram.resize(n, n);
    const Eigen::MatrixXd one = Eigen::MatrixXd::Identity(n, n);
    laplacian.multiply(one.data(), static_cast<std::size_t>(n), gram.data());
  }
  for (int l = 0; l < spec.layers; ++l) {
    const GraphLayer numbers = network.layer(l);
    const ColumnLayer layer(numbers, k);
    if (spec.rewrites)
      dense_layer(layer, gram, c, state);
    else if (k == 1)
      sparse_layer<1>(layer, laplacian, c * size, state);
    else
      sparse_layer<0>(layer, laplacian, c * size, state);
    if (layer.couples) add_coupling(layer, c, state, layer.changes_psi);
    if (spec.rewrites) gram = rewritten(gram, numbers, layer, c, state.phi);
    std::swap(state.phi, state.new_phi);
    if (layer.changes_psi) std::swap(state.psi, state.new_psi);
    if (spec.norm != GraphNorm::none) {
      if (spec.rewrites) gram /= std::max(gram.trace(), 1e-300);
      if (l == 0) size = 1 / laplacian.trace();
      normalise_state(spec.norm, state);
    }
    if (!state.phi.allFinite())
      return fail(ErrorKind::numeric, "layer {}: numbers leave the range of double", l + 1);
    if (after_layer) after_layer(l + 1, {state.phi.data(), demands.size()});
  }
  return std::vector<double>(state.phi.data(), state.phi.data() + state.phi.size());
}

}  // namespace gramian
