#include "gramian/bench/graph_bench.h"

#include <fmt/format.h>

#include <Eigen/Sparse>
#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "gramian/base/decompositions.h"
#include "gramian/bench/timing.h"
#include "gramian/io/files.h"
#include "gramian/models/graph_network.h"
#include "gramian/solvers/graph_krylov.h"
#include "gramian/theory/graph_networks.h"

namespace gramian {

namespace {

using SparseMatrix = Eigen::SparseMatrix<double, Eigen::RowMajor>;

double median_of_three(std::array<double, 3> times) {
  std::ranges::sort(times);
  return times[1];
}

// A tree, and random pairs until there are enough edges.
Graph random_sparse_graph(const GraphBenchSpec& spec) {
  Uniforms uniforms({.seed = 1}, 0);
  Graph graph = make_graph({.kind = GraphKind::tree, .nodes = 2}, uniforms);
  graph.nodes = spec.nodes;
  std::set<std::pair<int, int>> taken{{0, 1}};
  const auto add = [&](int u, int v) {
    if (u == v || !taken.emplace(std::min(u, v), std::max(u, v)).second) return;
    graph.edges.push_back({u, v, std::exp(2 * (2 * uniforms.next() - 1))});
  };
  for (int i = 2; i < spec.nodes; ++i)
    add(static_cast<int>(uniforms.below(static_cast<std::size_t>(i))), i);
  const auto nodes = static_cast<std::size_t>(spec.nodes);
  while (graph.edges.size() < nodes * static_cast<std::size_t>(spec.degree) / 2)
    add(static_cast<int>(uniforms.below(nodes)), static_cast<int>(uniforms.below(nodes)));
  return graph;
}

// The demand of the bench enters at node 0 and leaves at node 1.
std::string edge_list(const Graph& graph) {
  std::string text;
  for (const Edge& edge : graph.edges)
    fmt::format_to(std::back_inserter(text), "{} {} {:.17g}\n", edge.u, edge.v, edge.weight);
  return text;
}

SparseMatrix sparse_matrix(const Graph& graph) {
  std::vector<Eigen::Triplet<double>> entries;
  for (const Edge& edge : graph.edges) {
    entries.emplace_back(edge.u, edge.u, edge.weight);
    entries.emplace_back(edge.v, edge.v, edge.weight);
    entries.emplace_back(edge.u, edge.v, -edge.weight);
    entries.emplace_back(edge.v, edge.u, -edge.weight);
  }
  SparseMatrix matrix(graph.nodes, graph.nodes);
  matrix.setFromTriplets(entries.begin(), entries.end());
  return matrix;
}

double seconds_of_layers(const GraphNetwork& network, const SparseLaplacian& laplacian,
                         const Eigen::VectorXd& psi, Eigen::VectorXd& phi) {
  const std::span<const double> demands(psi.data(), static_cast<std::size_t>(psi.size()));
  return processor_seconds_of([&] {
    const auto answer = run_graph_network(network, laplacian, demands, 1);
    phi = Eigen::Map<const Eigen::VectorXd>(answer->data(), psi.size());
  });
}

void measure_rewriting(GraphBench& bench) {
  GraphBenchSpec small = bench.spec;
  small.nodes = bench.spec.dense_nodes;
  const SparseLaplacian laplacian(random_sparse_graph(small));
  Eigen::VectorXd psi = Eigen::VectorXd::Zero(small.nodes), phi;
  psi[0] = 1, psi[1] = -1;
  std::array<double, 3> rewriting{}, plain{};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto seconds = [&](int layers) {
      return seconds_of_layers(polar_network(layers, laplacian.bound(), false), laplacian, psi,
                               phi);
    };
    rewriting[i] = (seconds(4) - seconds(1)) / 3;
    const GraphNetwork descent = descent_network(1000, {.largest = laplacian.bound()});
    plain[i] = seconds_of_layers(descent, laplacian, psi, phi) / 1000;
  }
  bench.rewriting_layer = median_of_three(rewriting);
  bench.plain_layer = median_of_three(plain);
}

}  // namespace

Expected<GraphBench> run_graph_bench(const GraphBenchSpec& spec) {
  GraphBench bench{.spec = spec};
  const Graph graph = random_sparse_graph(spec);
  bench.edges = graph.edges.size();
  if (!spec.edges.empty()) GRAMIAN_TRY(write_file_atomically(spec.edges, edge_list(graph)));
  const SparseLaplacian laplacian(graph);
  const SparseMatrix matrix = sparse_matrix(graph);
  const StepRange range{.least = least_ritz_value(laplacian, 60), .largest = laplacian.bound()};
  const GraphNetwork network = descent_network(spec.layers, range);
  Eigen::VectorXd psi = Eigen::VectorXd::Zero(spec.nodes), phi, x, product(spec.nodes);
  psi[0] = 1, psi[1] = -1;
  std::array<double, 3> of_network{}, of_product{}, of_solver{};
  Eigen::ConjugateGradient<SparseMatrix, Eigen::Lower | Eigen::Upper> solver;
  for (std::size_t i = 0; i < 3; ++i) {
    of_network[i] = seconds_of_layers(network, laplacian, psi, phi);
    bench.residual = (matrix * phi - psi).norm() / psi.norm();
    of_product[i] = processor_seconds_of([&] {
      x = psi;
      for (int l = 0; l < spec.layers; ++l) {
        product.noalias() = matrix * x;
        x.swap(product);
        if (l % 10 == 9) x /= x.norm();  // or numbers overflow
      }
    });
    solver.setTolerance(bench.residual);
    of_solver[i] = processor_seconds_of([&] {
      solver.compute(matrix);
      x = solver.solve(psi);
    });
  }
  bench.solver_steps = static_cast<int>(solver.iterations());
  bench.solver_residual = (matrix * x - psi).norm() / psi.norm();
  bench.network = median_of_three(of_network);
  bench.product = median_of_three(of_product);
  bench.solver = median_of_three(of_solver);
  measure_rewriting(bench);
  return bench;
}

std::string graph_bench_table(const GraphBench& b) {
  return fmt::format(
      "{} nodes, {} edges, {} layers, one thread, seconds of the processor\n"
      "network (Chebyshev's steps)      {:.3g}   residual {:.2g}\n"
      "as many products (Eigen)         {:.3g}   the network takes {:.2f} times that\n"
      "conjugate gradients (Eigen)      {:.3g}   residual {:.2g} after {} steps; the network takes "
      "{:.1f} times that\n"
      "{} nodes, a layer that rewrites B {:.3g}, one that does not {:.3g}\n",
      b.spec.nodes, b.edges, b.spec.layers, b.network, b.residual, b.product, b.network / b.product,
      b.solver, b.solver_residual, b.solver_steps, b.network / b.solver, b.spec.dense_nodes,
      b.rewriting_layer, b.plain_layer);
}

std::string graph_bench_json(const GraphBench& b) {
  nlohmann::ordered_json json;
  json["nodes"] = b.spec.nodes;
  json["edges"] = b.edges;
  json["layers"] = b.spec.layers;
  json["network_seconds"] = b.network;
  json["network_residual"] = b.residual;
  json["product_seconds"] = b.product;
  json["solver_seconds"] = b.solver;
  json["solver_residual"] = b.solver_residual;
  json["solver_steps"] = b.solver_steps;
  json["dense_nodes"] = b.spec.dense_nodes;
  json["rewriting_layer_seconds"] = b.rewriting_layer;
  json["plain_layer_seconds"] = b.plain_layer;
  return json.dump(1) + "\n";
}

}  // namespace gramian
