// The random numbers of initial weights.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gramian {

// Independent N(0, 1), number `index` of the initial weights of this seed.
double initial_normal(std::uint64_t seed, std::size_t index);

}  // namespace gramian
