#include "gramian/evaluation/pruning.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gramian/base/assert.h"
#include "gramian/models/initial.h"

namespace gramian {

std::vector<PruningUnit> columns_as_units(std::size_t first, int rows, int columns) {
  GRAMIAN_ASSERT(rows >= 1 && columns >= 1);
  const auto width = static_cast<std::size_t>(columns);
  std::vector<PruningUnit> units(width);
  for (std::size_t j = 0; j < width; ++j) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(rows); ++i)
      units[j].push_back(first + i * width + j);
  }
  return units;
}

std::vector<double> unit_norms(std::span<const double> theta,
                               const std::vector<PruningUnit>& units) {
  std::vector<double> norms;
  for (const PruningUnit& unit : units) {
    double squares = 0;
    for (const std::size_t i : unit) {
      GRAMIAN_ASSERT(i < theta.size());
      squares += theta[i] * theta[i];
    }
    norms.push_back(std::sqrt(squares));
  }
  return norms;
}

std::vector<std::size_t> pruning_order(std::span<const double> theta,
                                       const std::vector<PruningUnit>& units, PruningOrder order,
                                       std::uint64_t seed) {
  std::vector<double> keys = unit_norms(theta, units);
  for (std::size_t u = 0; u < keys.size(); ++u) {
    if (order == PruningOrder::large_first) keys[u] = -keys[u];
    if (order == PruningOrder::random) keys[u] = initial_normal(seed, u);
  }
  std::vector<std::size_t> list(units.size());
  std::iota(list.begin(), list.end(), std::size_t{0});
  std::ranges::stable_sort(list, {}, [&](std::size_t u) { return keys[u]; });
  return list;
}

std::vector<double> pruned(std::span<const double> theta, const std::vector<PruningUnit>& units,
                           const std::vector<std::size_t>& order, double share) {
  GRAMIAN_ASSERT(share >= 0 && share <= 1 && order.size() == units.size());
  const auto count =
      static_cast<std::size_t>(std::lround(share * static_cast<double>(units.size())));
  std::vector<double> left(theta.begin(), theta.end());
  for (std::size_t k = 0; k < count; ++k) {
    for (const std::size_t i : units[order[k]]) left[i] = 0;
  }
  return left;
}

}  // namespace gramian
