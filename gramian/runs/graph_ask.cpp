#include "gramian/runs/graph_ask.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "gramian/solvers/graph_krylov.h"
#include "gramian/tasks/graph_answers.h"
#include "gramian/theory/graph_networks.h"

namespace gramian {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kNetworkStage = "network", kExactStage = "exact answer";
constexpr double kExact = 1e-10;  // of conjugate gradients and Lanczos
constexpr int kMostSolves = 20'000, kMostProducts = 1'000;
constexpr int kLongDense = 1000;  // nodes from which all eigenvectors may take seconds

void tell(const GraphAsk& ask, std::string_view stage, std::optional<double> share) {
  if (ask.report) ask.report(stage, share);
}
using NodeMatrix = Eigen::Map<const RowMajorMatrix>;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

bool flows(GraphQuestion question) {  // whether potentials are asked for
  return question == GraphQuestion::potential || question == GraphQuestion::resistance;
}

// Which networks by formula answer which question.
bool answers(GraphMethod method, GraphQuestion question) {
  switch (method) {
    case GraphMethod::chebyshev:
    case GraphMethod::descent:
      return flows(question);
    case GraphMethod::polar:
      return flows(question) || question == GraphQuestion::embedding;
    case GraphMethod::series:
      return question == GraphQuestion::embedding;
    case GraphMethod::taylor:
    case GraphMethod::euler:
      return question == GraphQuestion::heat;
  }
  return false;
}

GraphMethod usual_method(GraphQuestion question) {
  if (question == GraphQuestion::embedding) return GraphMethod::series;
  if (question == GraphQuestion::heat) return GraphMethod::taylor;
  return GraphMethod::chebyshev;
}

// Whether a column of ones goes in front: the eigenvector of 0 is the first of the least ones, and
// the others are kept orthogonal to it, so that rounding cannot bring it in.
bool has_constant(const GraphAsk& ask) {
  return ask.question == GraphQuestion::eigenvectors && !ask.largest_first && !ask.network;
}

// Without the first of `columns` columns.
std::vector<double> without_first(const std::vector<double>& all, int columns) {
  std::vector<double> rest;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i % static_cast<std::size_t>(columns) != 0) rest.push_back(all[i]);
  }
  return rest;
}

// Psi, row-major [n, k].
Expected<std::vector<double>> demands_of(const Graph& graph, const GraphAsk& ask, int& columns) {
  const auto n = static_cast<std::size_t>(graph.nodes);
  if (ask.question == GraphQuestion::eigenvectors) {
    columns =
        ask.network && ask.network->spec.columns > 0 ? ask.network->spec.columns : ask.vectors;
    if (columns < 1 || columns >= graph.nodes) {
      return fail(ErrorKind::config, "the number of eigenvectors must be in [1, {}], got {}",
                  graph.nodes - 1, columns);
    }
    if (has_constant(ask)) ++columns;
    std::vector<double> start(n * static_cast<std::size_t>(columns));
    Uniforms uniforms({.seed = 2, .stream = kInitialStream}, 0);
    for (double& entry : start) entry = uniforms.normal();
    for (std::size_t j = 0; j < static_cast<std::size_t>(columns); ++j) {
      double mean = 0;
      for (std::size_t i = j; i < start.size(); i += static_cast<std::size_t>(columns))
        mean += start[i] / static_cast<double>(n);
      for (std::size_t i = j; i < start.size(); i += static_cast<std::size_t>(columns))
        start[i] -= mean;
    }
    for (std::size_t i = 0; has_constant(ask) && i < n; ++i)
      start[i * static_cast<std::size_t>(columns)] = 1;
    return start;
  }
  if (!ask.demands.empty()) {
    columns = 1;
    return ask.demands;
  }
  if (ask.pairs.empty()) {
    return fail(ErrorKind::config, "{} needs pairs of nodes (--from, --to){}",
                kGraphQuestions.word(ask.question),
                ask.question == GraphQuestion::resistance ? "" : " or demands (--demand)");
  }
  columns = static_cast<int>(ask.pairs.size());
  std::vector<double> psi(n * ask.pairs.size());
  for (std::size_t j = 0; j < ask.pairs.size(); ++j) {
    const auto [from, to] = ask.pairs[j];
    if (from == to)
      return fail(ErrorKind::config, "the two nodes of a pair must differ, got {} twice", from);
    psi[static_cast<std::size_t>(from) * ask.pairs.size() + j] = 1;
    psi[static_cast<std::size_t>(to) * ask.pairs.size() + j] = -1;
  }
  return psi;
}

// The network by formula, and what it is in words.
Expected<GraphNetwork> network_for(const GraphAsk& ask, const SparseLaplacian& laplacian,
                                   std::string& words) {
  const double bound = laplacian.bound();
  if (ask.question == GraphQuestion::eigenvectors) {
    const int vectors = ask.vectors + (has_constant(ask) ? 1 : 0);
    const int sweeps = std::max(1, ask.layers / vectors);
    words = fmt::format("subspace iteration, {} sweeps of {} layers", sweeps, vectors);
    return subspace_network(sweeps, vectors, ask.largest_first, bound, laplacian.trace());
  }
  const GraphMethod method = ask.method.value_or(usual_method(ask.question));
  if (!answers(method, ask.question)) {
    return fail(ErrorKind::config, "the method {} does not answer {}", kGraphMethods.word(method),
                kGraphQuestions.word(ask.question));
  }
  words = fmt::format("{}, largest eigenvalue at most {:.6g}", kGraphMethods.word(method), bound);
  switch (method) {
    case GraphMethod::chebyshev: {
      constexpr int kRitzSteps = 60;
      const double least = std::min(least_ritz_value(laplacian, kRitzSteps), bound / 2);
      words += fmt::format(", least about {:.6g}", least);
      return descent_network(ask.layers, {.least = least, .largest = bound});
    }
    case GraphMethod::descent:
      return descent_network(ask.layers, {.largest = bound});
    case GraphMethod::polar:
      return polar_network(ask.layers, bound, flows(ask.question));
    case GraphMethod::series:
      return series_network(ask.layers, bound);
    case GraphMethod::taylor:
      return taylor_network(ask.layers, ask.heat_time);
    case GraphMethod::euler:
      return euler_network(ask.layers, ask.heat_time);
  }
  return fail(ErrorKind::config, "an unknown method");
}

// Row-major [n, k], or nothing.
std::vector<double> dense_answer(const Graph& graph, const GraphAsk& ask,
                                 const std::vector<double>& psi, int columns) {
  const LaplacianSpectrum spectrum(dense_laplacian(graph), graph.nodes);
  std::vector<double> answer(static_cast<std::size_t>(graph.nodes) *
                             static_cast<std::size_t>(columns));
  Eigen::Map<RowMajorMatrix> to(answer.data(), graph.nodes, columns);
  if (ask.question == GraphQuestion::eigenvectors) {
    to = spectrum.eigenvectors(columns, ask.largest_first);
  } else {
    const auto question = flows(ask.question) ? GraphQuestion::potential : ask.question;
    to = spectrum.answer(question, ask.heat_time, NodeMatrix(psi.data(), graph.nodes, columns));
  }
  return answer;
}

std::vector<double> krylov_answer(const SparseLaplacian& laplacian, const GraphAsk& ask,
                                  const std::vector<double>& psi, int columns, double& residual) {
  if (ask.question == GraphQuestion::eigenvectors) {
    tell(ask, kExactStage, std::nullopt);
    auto found = sparse_eigenvectors(laplacian, columns, ask.largest_first);
    if (!found) return {};
    residual = found->residual;
    return std::move(found->x);
  }
  const auto k = static_cast<std::size_t>(columns);
  std::vector<double> all(psi.size()), column(psi.size() / k);
  for (std::size_t j = 0; j < k; ++j) {
    for (std::size_t i = 0; i < column.size(); ++i) column[i] = psi[i * k + j];
    const auto report = [&](double share) {
      tell(ask, kExactStage, (static_cast<double>(j) + share) / columns);
    };
    const auto found = flows(ask.question)
                           ? solve_laplacian(laplacian, column, kExact, kMostSolves, report)
                           : lanczos_function(laplacian, ask.question, ask.heat_time, column,
                                              kExact, kMostProducts, report);
    if (!found) return {};
    residual = std::max(residual, found->residual);
    for (std::size_t i = 0; i < column.size(); ++i) all[i * k + j] = found->x[i];
  }
  return all;
}

// Scale and signs, which a network with a norm and eigenvectors do not have.
void settle_scale(const SparseLaplacian& laplacian, const GraphAsk& ask,
                  const std::vector<double>& psi, GraphAsked& asked) {
  Eigen::Map<RowMajorMatrix> phi(asked.answer.data(), laplacian.nodes(), asked.columns);
  if (ask.question == GraphQuestion::eigenvectors) {
    for (Eigen::Index j = 0; j < phi.cols() && !asked.exact.empty(); ++j) {
      const auto exact = NodeMatrix(asked.exact.data(), phi.rows(), phi.cols()).col(j);
      if (phi.col(j).dot(exact) < 0) phi.col(j) *= -1;
    }
    return;
  }
  if (!ask.network || ask.network->spec.norm == GraphNorm::none) return;
  if (flows(ask.question)) {
    RowMajorMatrix flow(phi.rows(), phi.cols());
    laplacian.multiply(phi.data(), static_cast<std::size_t>(phi.cols()), flow.data());
    const NodeMatrix wanted(psi.data(), phi.rows(), phi.cols());
    phi *= flow.cwiseProduct(wanted).sum() / flow.squaredNorm();
  } else if (!asked.exact.empty()) {
    phi *= NodeMatrix(asked.exact.data(), phi.rows(), phi.cols()).norm() / phi.norm();
  }
}

std::vector<double> resistances(const std::vector<double>& potentials,
                                const std::vector<std::pair<int, int>>& pairs) {
  std::vector<double> list;
  for (std::size_t j = 0; j < pairs.size() && !potentials.empty(); ++j) {
    const auto at = [&](int node) {
      return potentials[static_cast<std::size_t>(node) * pairs.size() + j];
    };
    list.push_back(at(pairs[j].first) - at(pairs[j].second));
  }
  return list;
}

double distance_of(const std::vector<double>& a, const std::vector<double>& b) {
  double squares = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    squares += (a[i] - b[i]) * (a[i] - b[i]), size += b[i] * b[i];
  return std::sqrt(squares / size);
}

}  // namespace

Expected<GraphAsked> ask_graph(const Graph& graph, const GraphAsk& ask) {
  if (ask.layers < 1 || ask.layers > kMaxGraphLayers) {
    return fail(ErrorKind::config, "the number of layers must be in [1, {}], got {}",
                kMaxGraphLayers, ask.layers);
  }
  if (ask.question == GraphQuestion::resistance && ask.pairs.empty()) {
    return fail(ErrorKind::config, "resistance is that of pairs of nodes (--from, --to)");
  }
  GraphAsked asked;
  const auto psi = GRAMIAN_TRY(demands_of(graph, ask, asked.columns));
  const SparseLaplacian laplacian(graph);
  GraphNetwork network{{}, {}};
  if (ask.network) {
    network = *ask.network;
    asked.network = fmt::format("a network of {} layers from a file", network.spec.layers);
  } else {
    network = GRAMIAN_TRY(network_for(ask, laplacian, asked.network));
  }
  auto begin = Clock::now();
  const auto after_layer = [&](int layer, std::span<const double>) {
    tell(ask, kNetworkStage, static_cast<double>(layer) / network.spec.layers);
  };
  asked.answer =
      GRAMIAN_TRY(run_graph_network(network, laplacian, psi, asked.columns, after_layer));
  asked.seconds = seconds_since(begin);
  if (has_constant(ask)) asked.answer = without_first(asked.answer, asked.columns--);
  if (ask.exact) {
    begin = Clock::now();
    if (graph.nodes <= kDenseAnswer) {
      if (graph.nodes > kLongDense) tell(ask, kExactStage, std::nullopt);
      asked.exact = dense_answer(graph, ask, psi, asked.columns);
      asked.exact_method = "eigenvectors of the dense Laplacian";
    } else {
      asked.exact = krylov_answer(laplacian, ask, psi, asked.columns, asked.exact_residual);
      asked.exact_method = flows(ask.question) ? "conjugate gradients" : "Lanczos";
    }
    asked.exact_seconds = seconds_since(begin);
  }
  settle_scale(laplacian, ask, psi, asked);
  if (flows(ask.question)) {
    std::vector<double> flow(psi.size());
    laplacian.multiply(asked.answer.data(), static_cast<std::size_t>(asked.columns), flow.data());
    asked.residual = distance_of(flow, psi);
  }
  if (ask.question == GraphQuestion::resistance) {
    asked.answer = resistances(asked.answer, ask.pairs);
    asked.exact = resistances(asked.exact, ask.pairs);
  }
  if (!asked.exact.empty()) asked.relative_error = distance_of(asked.answer, asked.exact);
  return asked;
}

}  // namespace gramian
