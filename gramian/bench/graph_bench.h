// What a network on a large sparse graph costs beside its peers, in one run and on one thread:
//
//   network    descent with Chebyshev's steps in the efficient form, L layers, one demand
//   product    L plain products of the same Laplacian with a vector, Eigen's sparse matrices
//   solver     conjugate gradients of Eigen with a diagonal preconditioner, to the residual that
//              the network has reached
//   rewriting  a layer that rewrites B, on a graph of `dense_nodes` nodes: the multiplicative
//              scheme, beside a layer that does not
//
// Times are of the processor (the thread's clock), medians of three alternating repetitions.
// Errors: io, where the graph cannot be written. Cost: about a minute for a million edges.
#pragma once

#include <string>

#include "gramian/base/error.h"

namespace gramian {

struct GraphBenchSpec {
  int nodes = 250'000, degree = 8;  // on average: nodes * degree / 2 edges
  int layers = 100;
  int dense_nodes = 1'000;
  std::string edges = {};  // if not empty, where the graph is written, "u v weight" a line
};

struct GraphBench {
  GraphBenchSpec spec = {};
  std::size_t edges = 0;
  double network = 0, product = 0, solver = 0;  // seconds
  double residual = 0, solver_residual = 0;     // |L phi - psi| / |psi|
  int solver_steps = 0;
  double rewriting_layer = 0, plain_layer = 0;  // seconds, on dense_nodes
};

Expected<GraphBench> run_graph_bench(const GraphBenchSpec& spec);
std::string graph_bench_table(const GraphBench& bench);
std::string graph_bench_json(const GraphBench& bench);

}  // namespace gramian
