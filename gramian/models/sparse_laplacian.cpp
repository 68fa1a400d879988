#include "gramian/models/sparse_laplacian.h"

#include <algorithm>
#include <numeric>

namespace gramian {

SparseLaplacian::SparseLaplacian(const Graph& graph)
    : first_(static_cast<std::size_t>(graph.nodes) + 1),
      neighbour_(2 * graph.edges.size()),
      weight_(2 * graph.edges.size()),
      degree_(static_cast<std::size_t>(graph.nodes)) {
  for (const Edge& edge : graph.edges) {
    ++first_[static_cast<std::size_t>(edge.u) + 1];
    ++first_[static_cast<std::size_t>(edge.v) + 1];
  }
  std::partial_sum(first_.begin(), first_.end(), first_.begin());
  std::vector<std::size_t> next(first_.begin(), first_.end() - 1);
  const auto place = [&](int at, int other, double weight) {
    const auto node = static_cast<std::size_t>(at);
    neighbour_[next[node]] = other;
    weight_[next[node]++] = weight;
    degree_[node] += weight;
  };
  for (const Edge& edge : graph.edges) {
    place(edge.u, edge.v, edge.weight);
    place(edge.v, edge.u, edge.weight);
  }
}

double SparseLaplacian::trace() const {
  return std::accumulate(degree_.begin(), degree_.end(), 0.0);
}

double SparseLaplacian::bound() const {
  double most = 0;
  for (std::size_t v = 0; v < degree_.size(); ++v) {
    for (auto e = first_[v]; e < first_[v + 1]; ++e)
      most = std::max(most, degree_[v] + degree_[static_cast<std::size_t>(neighbour_[e])]);
  }
  return most;
}

}  // namespace gramian
