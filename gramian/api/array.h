// A dense array in row-major order (C order), as every function of the facade takes and gives it.
//
// Sizes follow from `shape`, of which the last varies fastest. `values` holds as many numbers as
// the product of the shape. Errors of require_shape: config, with the name of the array, its shape
// and the shape that it must have.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "gramian/base/error.h"

namespace gramian::api {

struct Array {
  std::vector<std::size_t> shape = {};
  std::vector<double> values = {};

  // All zero. Requires: the memory is there (check_memory of base/memory.h asks before).
  static Array zeros(std::vector<std::size_t> shape);
  std::size_t size() const { return values.size(); }
  std::size_t extent(std::size_t axis) const { return shape[axis]; }
  // The numbers of entry i of the first axis.
  const double* entry(std::size_t i) const { return values.data() + i * (size() / shape[0]); }
  double* entry(std::size_t i) { return values.data() + i * (size() / shape[0]); }
};

// An axis of any size is kAny.
inline constexpr std::size_t kAny = static_cast<std::size_t>(-1);

// "x_context must have shape [B, n, d] = [any, 20, 10], got [5, 20, 9]". `letters`: "[B, n, d]".
Status require_shape(const Array& array, std::string_view name, std::string_view letters,
                     const std::vector<std::size_t>& shape);

// Refuses the first number that is NaN or infinite, with its index.
Status require_finite(const Array& array, std::string_view name);

}  // namespace gramian::api
