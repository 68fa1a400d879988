// The Laplacian of a graph by rows, for products with a few vectors at a cost of O(d k):
//
//     (L X)_v = degree_v X_v - sum over neighbours u of w_uv X_u
//
// Shapes: X and L X row-major [n, k]. Preconditions: a graph that has passed its check. Errors:
// none. Cost: 24 bytes an edge and 16 a node.
#pragma once

#include <cstdint>
#include <vector>

#include "gramian/base/assert.h"
#include "gramian/tasks/graph.h"

namespace gramian {

class SparseLaplacian {
 public:
  explicit SparseLaplacian(const Graph& graph);

  int nodes() const { return static_cast<int>(degree_.size()); }
  std::size_t edges() const { return neighbour_.size() / 2; }
  double trace() const;
  // An upper bound on the largest eigenvalue: the largest degree_u + degree_v of an edge (Anderson
  // and Morley 1985, with weights), which no graph exceeds.
  double bound() const;
  double degree(std::size_t node) const { return degree_[node]; }

  // row[j] = (L X)_vj for j < k.
  template <int kFixed = 0>
  void row_times(std::size_t node, const double* x, std::size_t columns, double* row) const {
    const std::size_t k = kFixed > 0 ? kFixed : columns;
    const double* own = x + node * k;
    for (std::size_t j = 0; j < k; ++j) row[j] = degree_[node] * own[j];
    for (auto e = first_[node]; e < first_[node + 1]; ++e) {
      const double* other = x + static_cast<std::size_t>(neighbour_[e]) * k;
      for (std::size_t j = 0; j < k; ++j) row[j] -= weight_[e] * other[j];
    }
  }

  // y = L x, [n, k].
  void multiply(const double* x, std::size_t k, double* y) const {
    for (std::size_t v = 0; v < degree_.size(); ++v) {
      if (k == 1)
        row_times<1>(v, x, 1, y + v);
      else
        row_times(v, x, k, y + v * k);
    }
  }

 private:
  std::vector<std::size_t> first_;  // [n + 1], of the entries of a row
  std::vector<int> neighbour_;      // [2d]
  std::vector<double> weight_;      // [2d]
  std::vector<double> degree_;      // [n]
};

}  // namespace gramian
