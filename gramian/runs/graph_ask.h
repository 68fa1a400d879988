// Asks a network on graphs about one graph, and compares its answer with the exact one: what
// `gramian graph` prints.
//
//   const auto asked = ask_graph(graph, {.question = GraphQuestion::potential, .pairs = {{0, 7}}});
//
// Without a network of its own the question gets one that is set by formula (theory/
// graph_networks.h). The exact answer is by eigenvectors up to kDenseAnswer nodes, and above by
// conjugate gradients or Lanczos to 1e-10 (solvers/graph_krylov.h); nothing where these do not
// converge. Answers of a network with a norm are known up to their scale: a potential gets the one
// with which L phi is nearest to the demands, other answers the norm of the exact one.
//
// Shapes: answers row-major [n, k], of resistances [k]. Errors: config, for pairs that are one
// node, demands that are missing, and what the network cannot run on; numeric, of its run. Cost:
// that of the network and of the exact answer.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/models/graph_network.h"
#include "gramian/tasks/graph.h"
#include "gramian/tasks/graph_question.h"

namespace gramian {

enum class GraphMethod { chebyshev, descent, polar, series, taylor, euler };
inline constexpr auto kGraphMethods = words<GraphMethod>({{GraphMethod::chebyshev, "chebyshev"},
                                                          {GraphMethod::descent, "descent"},
                                                          {GraphMethod::polar, "polar"},
                                                          {GraphMethod::series, "series"},
                                                          {GraphMethod::taylor, "taylor"},
                                                          {GraphMethod::euler, "euler"}});

inline constexpr int kDenseAnswer = 4000;  // nodes

// Told what is being computed ("network", "exact answer") and which share of it is done; no share
// for what may take long and cannot be followed.
using GraphAskReport = std::function<void(std::string_view stage, std::optional<double> share)>;

struct GraphAsk {
  GraphQuestion question = GraphQuestion::potential;
  int layers = 100;
  // Of the network that is set by formula; nothing: chebyshev, series or taylor, by the question.
  std::optional<GraphMethod> method = {};
  double heat_time = 0.5;
  int vectors = 4;  // eigenvectors
  bool largest_first = true;
  std::vector<std::pair<int, int>> pairs = {};  // one unit in at the first, out at the second
  std::vector<double> demands = {};             // [n], in place of pairs; or empty
  std::optional<GraphNetwork> network = {};
  bool exact = true;
  GraphAskReport report = {};
};

struct GraphAsked {
  int columns = 1;           // k
  std::string network = {};  // in words
  std::vector<double> answer = {};
  std::vector<double> exact = {};  // empty: there is none
  std::string exact_method = {};
  std::optional<double> relative_error = {};  // |answer - exact| / |exact|
  double exact_residual = 0;
  double residual = 0;  // of a potential: |L phi - psi| / |psi|
  double seconds = 0, exact_seconds = 0;
};

Expected<GraphAsked> ask_graph(const Graph& graph, const GraphAsk& ask);

}  // namespace gramian
