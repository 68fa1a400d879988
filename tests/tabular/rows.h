// Rows for the tests of this room: correlated inputs in units of their own, and a noisy linear
// target.
#pragma once

#include <cmath>

#include "gramian/tabular/dataset.h"

namespace gramian::test {

// Pseudo-random numbers of order one: the fractional parts of a golden rotation, squared away from
// a lattice.
inline double noise(std::size_t index) {
  const double place =
      std::fmod(0.754877666 * static_cast<double>(index * index + 3 * index + 1), 1.0);
  return std::sqrt(12.0) * (place - 0.5);
}

inline TableRows linear_rows(std::size_t n, std::size_t d, double sigma, double correlation = 0.5) {
  TableRows rows{d, {}, {}};
  std::size_t draw = 0;
  for (std::size_t row = 0; row < n; ++row) {
    const double common = noise(draw++);
    std::vector<double> input(d);
    double target = 40;
    for (std::size_t i = 0; i < d; ++i) {
      const double z = std::sqrt(correlation) * common + std::sqrt(1 - correlation) * noise(draw++);
      input[i] = 100 * static_cast<double>(i) +
                 (1 + static_cast<double>(i)) * z;  // mean 100 i, deviation 1 + i
      target += (i % 2 == 0 ? 1.5 : -0.5) * z;
    }
    rows.add(input, target + sigma * noise(draw++));
  }
  return rows;
}

}  // namespace gramian::test
