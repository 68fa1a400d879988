// What pruning costs: weights are set to zero in the order of their size, or at random.
//
// A *unit* is a list of weights that vanish together, such as those that enter one neuron; of
// single weights each is a unit. Units are ordered by their Euclidean norms, the smallest or the
// largest first, or at random by a seed.
//
// Shapes: theta [parameters]; a unit is a list of indices of theta. Requires: indices in range, and
// a share in [0, 1] (asserted). Errors: none. Cost: a sort.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gramian {

using PruningUnit = std::vector<std::size_t>;

enum class PruningOrder { small_first, large_first, random };

// The columns of a matrix [rows, columns] that begins at theta[first]: what enters each neuron.
std::vector<PruningUnit> columns_as_units(std::size_t first, int rows, int columns);

// The norm of each unit.
std::vector<double> unit_norms(std::span<const double> theta,
                               const std::vector<PruningUnit>& units);

// The indices of the units in the order in which they are pruned. Units of one norm keep their
// order. `seed` is of the order random alone.
std::vector<std::size_t> pruning_order(std::span<const double> theta,
                                       const std::vector<PruningUnit>& units, PruningOrder order,
                                       std::uint64_t seed = 0);

// theta without the first round(share * units) units of this order.
std::vector<double> pruned(std::span<const double> theta, const std::vector<PruningUnit>& units,
                           const std::vector<std::size_t>& order, double share);

}  // namespace gramian
