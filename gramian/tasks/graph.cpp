#include "gramian/tasks/graph.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gramian/base/assert.h"

namespace gramian {

namespace {

// The parts that edges join: a forest of pointers towards one node of each part.
class Joined {
 public:
  explicit Joined(int nodes) : up_(static_cast<std::size_t>(nodes)) {
    std::iota(up_.begin(), up_.end(), 0);
  }
  int root(int node) {
    auto at = static_cast<std::size_t>(node);
    while (up_[at] != static_cast<int>(at)) {
      up_[at] = up_[static_cast<std::size_t>(up_[at])];
      at = static_cast<std::size_t>(up_[at]);
    }
    return static_cast<int>(at);
  }
  // The part goes on under its least node.
  void join(int a, int b) {
    const int x = root(a), y = root(b);
    up_[static_cast<std::size_t>(std::max(x, y))] = std::min(x, y);
  }

 private:
  std::vector<int> up_;
};

void add_csl(const GraphSpec& spec, Uniforms& uniforms, Graph& graph) {
  const int n = spec.nodes;
  const auto choices = static_cast<std::size_t>((n - 2) / 2);  // 2, 4, .. to n - 2
  const int drawn = 2 + 2 * static_cast<int>(uniforms.below(choices));
  const int skip = spec.skip > 0 ? spec.skip : drawn;
  for (int i = 0; i < n; ++i) graph.edges.push_back({i, (i + 1) % n});
  const bool both_ways = 2 * skip == n;  // then each skip link would be there twice
  for (int i = 0; i < (both_ways ? n / 2 : n); ++i) graph.edges.push_back({i, (i + skip) % n});
}

void add_pairs(const GraphSpec& spec, Uniforms& uniforms, Graph& graph) {
  const auto n = static_cast<std::size_t>(spec.nodes);
  std::vector<double> x(n), y(n);
  if (spec.kind == GraphKind::geometric) {
    for (std::size_t i = 0; i < n; ++i) x[i] = uniforms.next(), y[i] = uniforms.next();
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) {
      const bool there =
          spec.kind == GraphKind::complete ||
          (spec.kind == GraphKind::geometric ? std::hypot(x[i] - x[j], y[i] - y[j]) < spec.density
                                             : uniforms.next() < spec.density);
      if (there) graph.edges.push_back({static_cast<int>(i), static_cast<int>(j)});
    }
  }
}

void add_grid(const GraphSpec& spec, Graph& graph) {
  const int columns = static_cast<int>(std::ceil(std::sqrt(spec.nodes)));
  for (int i = 0; i < spec.nodes; ++i) {
    if ((i + 1) % columns != 0 && i + 1 < spec.nodes) graph.edges.push_back({i, i + 1});
    if (i + columns < spec.nodes) graph.edges.push_back({i, i + columns});
  }
}

void add_tree(const GraphSpec& spec, Uniforms& uniforms, Graph& graph) {
  for (int i = 1; i < spec.nodes; ++i)
    graph.edges.push_back({static_cast<int>(uniforms.below(static_cast<std::size_t>(i))), i});
}

// An end of a random earlier edge is a node with a probability in proportion to its degree.
void add_by_degree(const GraphSpec& spec, Uniforms& uniforms, Graph& graph) {
  std::vector<int> ends{0, 1};
  graph.edges.push_back({0, 1});
  for (int i = 2; i < spec.nodes; ++i) {
    const int first = ends[uniforms.below(ends.size())];
    int second = first;
    while (second == first) second = ends[uniforms.below(ends.size())];
    for (const int other : {first, second}) {
      graph.edges.push_back({other, i});
      ends.push_back(other);
      ends.push_back(i);
    }
  }
}

}  // namespace

std::optional<std::pair<int, int>> repeated_pair(const Graph& graph) {
  std::vector<std::pair<int, int>> pairs;
  pairs.reserve(graph.edges.size());
  for (const Edge& edge : graph.edges)
    pairs.emplace_back(std::min(edge.u, edge.v), std::max(edge.u, edge.v));
  std::ranges::sort(pairs);
  const auto twice = std::ranges::adjacent_find(pairs);
  return twice == pairs.end() ? std::nullopt : std::optional(*twice);
}

std::vector<int> parts_of(const Graph& graph) {
  Joined joined(graph.nodes);
  for (const Edge& edge : graph.edges) joined.join(edge.u, edge.v);
  std::vector<int> part(static_cast<std::size_t>(graph.nodes));
  int count = 0;
  for (int i = 0; i < graph.nodes; ++i) {
    const int root = joined.root(i);
    part[static_cast<std::size_t>(i)] = root == i ? count++ : part[static_cast<std::size_t>(root)];
  }
  return part;
}

Status check(const Graph& graph) {
  if (graph.nodes < 2)
    return fail(ErrorKind::config, "a graph must have at least two nodes, got {}", graph.nodes);
  for (const Edge& edge : graph.edges) {
    if (edge.u < 0 || edge.v < 0 || edge.u >= graph.nodes || edge.v >= graph.nodes) {
      return fail(ErrorKind::config,
                  "the ends of an edge must be nodes from 0 to {}, got {} and {}", graph.nodes - 1,
                  edge.u, edge.v);
    }
    if (edge.u == edge.v)
      return fail(ErrorKind::config, "an edge from node {} to itself: there must be no loops",
                  edge.u);
    if (!(edge.weight > 0) || !std::isfinite(edge.weight)) {
      return fail(ErrorKind::config,
                  "the weight of the edge between {} and {} must be positive and finite, got {}",
                  edge.u, edge.v, edge.weight);
    }
  }
  if (const auto twice = repeated_pair(graph)) {
    return fail(ErrorKind::config,
                "the edge between {} and {} is there twice: each must be listed once, in one "
                "direction",
                twice->first, twice->second);
  }
  const std::vector<int> part = parts_of(graph);
  if (const auto other = std::ranges::find(part, 1); other != part.end()) {
    return fail(ErrorKind::config,
                "the graph must be connected, but no path leads from node 0 to node {} ({} parts)",
                other - part.begin(), *std::ranges::max_element(part) + 1);
  }
  return {};
}

std::vector<double> incidence(const Graph& graph, int columns) {
  GRAMIAN_ASSERT(columns >= static_cast<int>(graph.edges.size()));
  const auto width = static_cast<std::size_t>(columns);
  std::vector<double> b(static_cast<std::size_t>(graph.nodes) * width);
  for (std::size_t j = 0; j < graph.edges.size(); ++j) {
    const Edge& edge = graph.edges[j];
    b[static_cast<std::size_t>(edge.u) * width + j] = std::sqrt(edge.weight);
    b[static_cast<std::size_t>(edge.v) * width + j] = -std::sqrt(edge.weight);
  }
  return b;
}

std::vector<double> dense_laplacian(const Graph& graph) {
  const auto n = static_cast<std::size_t>(graph.nodes);
  std::vector<double> laplacian(n * n);
  for (const Edge& edge : graph.edges) {
    const auto u = static_cast<std::size_t>(edge.u), v = static_cast<std::size_t>(edge.v);
    laplacian[u * n + u] += edge.weight;
    laplacian[v * n + v] += edge.weight;
    laplacian[u * n + v] -= edge.weight;
    laplacian[v * n + u] -= edge.weight;
  }
  return laplacian;
}

Status GraphSpec::check() const {
  constexpr int kMostNodes = 1000;  // of a drawn graph
  const int least = kind == GraphKind::csl ? 5 : 2;
  if (nodes < least || nodes > kMostNodes) {
    return fail(ErrorKind::config, "[task.nodes] must be in [{}, {}] for {}, got {}", least,
                kMostNodes, kGraphKinds.word(kind), nodes);
  }
  if (skip != 0 && (kind != GraphKind::csl || skip < 2 || skip > nodes - 2)) {
    return fail(ErrorKind::config,
                "[task.skip] is for csl and must be 0 or in [2, nodes - 2] = [2, {}], got {}",
                nodes - 2, skip);
  }
  if (!(density > 0 && density <= 1.5))
    return fail(ErrorKind::config, "[task.density] must be in (0, 1.5], got {}", density);
  return {};
}

int GraphSpec::most_edges() const {
  switch (kind) {
    case GraphKind::csl:
      return 2 * nodes;
    case GraphKind::complete:
    case GraphKind::erdos_renyi:
    case GraphKind::geometric:
      return nodes * (nodes - 1) / 2;
    case GraphKind::grid:
      return 2 * nodes;
    case GraphKind::tree:
      return nodes - 1;
    case GraphKind::barabasi_albert:
      return 2 * nodes - 3;
  }
  return 0;
}

Graph make_graph(const GraphSpec& spec, Uniforms& uniforms) {
  GRAMIAN_ASSERT(spec.check().has_value());
  Graph graph{.nodes = spec.nodes};
  switch (spec.kind) {
    case GraphKind::csl:
      add_csl(spec, uniforms, graph);
      break;
    case GraphKind::complete:
    case GraphKind::erdos_renyi:
    case GraphKind::geometric:
      add_pairs(spec, uniforms, graph);
      break;
    case GraphKind::grid:
      add_grid(spec, graph);
      break;
    case GraphKind::tree:
      add_tree(spec, uniforms, graph);
      break;
    case GraphKind::barabasi_albert:
      add_by_degree(spec, uniforms, graph);
      break;
  }
  const std::vector<int> part = parts_of(graph);
  for (int i = 0, seen = 0; i < graph.nodes; ++i) {
    if (part[static_cast<std::size_t>(i)] <= seen) continue;
    graph.edges.push_back({0, i});
    ++seen;
  }
  for (Edge& edge : graph.edges)
    edge.weight = spec.weighted ? std::exp(2 * (2 * uniforms.next() - 1)) : 1;
  return graph;
}

Graph shuffled(const Graph& graph, Uniforms& uniforms) {
  std::vector<int> name(static_cast<std::size_t>(graph.nodes));
  std::iota(name.begin(), name.end(), 0);
  uniforms.shuffle(name);
  Graph other = graph;
  for (Edge& edge : other.edges) {
    edge.u = name[static_cast<std::size_t>(edge.u)];
    edge.v = name[static_cast<std::size_t>(edge.v)];
    if (uniforms.next() < 0.5) std::swap(edge.u, edge.v);
  }
  uniforms.shuffle(other.edges);
  return other;
}

}  // namespace gramian
