#include "gramian/models/initial.h"

#include <cmath>
#include <numbers>

#include "gramian/random/prompt_words.h"

namespace gramian {

double initial_normal(std::uint64_t seed, std::size_t index) {
  const auto words =
      philox({static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
             {static_cast<std::uint32_t>(index), 0, 0, kInitialStream});
  const double unit = unit_of(words[0]);
  const double angle = 2 * std::numbers::pi * (words[1] / 4294967296.0);
  return std::sqrt(-2 * std::log(unit)) * std::cos(angle);
}

}  // namespace gramian
