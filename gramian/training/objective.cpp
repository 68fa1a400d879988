#include "gramian/training/objective.h"

#include <algorithm>

namespace gramian {

void ChunkSums::clear(int prompts_dropped) {
  std::ranges::fill(gradient, 0.0);
  std::ranges::fill(curvature, 0.0);
  squared_error = robust_error = 0;
  dropped = prompts_dropped;
}

void ChunkSums::write(bool slopes, std::vector<double>& numbers) const {
  numbers.assign({squared_error, robust_error, static_cast<double>(dropped)});
  numbers.insert(numbers.end(), gradient.begin(), gradient.end());
  if (slopes) numbers.insert(numbers.end(), curvature.begin(), curvature.end());
}

void ChunkSums::read(bool slopes, std::span<const double> numbers) {
  constexpr std::size_t kHead = 3;
  GRAMIAN_ASSERT(numbers.size() == kHead + gradient.size() + (slopes ? curvature.size() : 0));
  squared_error = numbers[0];
  robust_error = numbers[1];
  dropped = static_cast<int>(numbers[2]);
  std::ranges::copy(numbers.subspan(kHead, gradient.size()), gradient.begin());
  if (slopes) std::ranges::copy(numbers.subspan(kHead + gradient.size()), curvature.begin());
}

}  // namespace gramian
