#include "gramian/models/weight_matrix.h"

#include <fmt/format.h>

#include "gramian/models/network.h"

namespace gramian {

std::vector<WeightMatrix> weight_matrices(const NetworkSpec& spec) {
  std::vector<WeightMatrix> list;
  if (spec.kind != Parametrisation::full) return list;
  const auto rows = static_cast<int>(spec.rows());
  const std::size_t size = spec.rows() * spec.rows();
  const std::size_t of_a_layer = spec.parameters_per_layer() / size;
  for (std::size_t m = 0; m < spec.parameters() / size; ++m) {
    std::string name =
        fmt::format("layer {}, {}", m / of_a_layer + 1, m % of_a_layer % 2 == 0 ? "P" : "Q");
    if (spec.heads > 1) name += fmt::format(" of head {}", m % of_a_layer / 2 + 1);
    list.push_back({.name = std::move(name), .first = m * size, .rows = rows, .columns = rows});
  }
  return list;
}

}  // namespace gramian
