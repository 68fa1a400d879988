// A matrix among the weights of a model: where it lies in theta, for analyses that look at matrices
// and not at single weights.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace gramian {

struct NetworkSpec;

struct WeightMatrix {
  std::string name;  // "layer 1, P"
  std::size_t first = 0;
  int rows = 0, columns = 0;  // row-major from theta[first] on

  std::size_t size() const {
    return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  }
};

// P and Q of each head and stored layer of a network on Gram matrices, in the order of theta; none
// for kinds without matrices.
std::vector<WeightMatrix> weight_matrices(const NetworkSpec& spec);

}  // namespace gramian
