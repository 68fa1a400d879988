#include "gramian/training/objective.h"

#include <algorithm>

namespace gramian {

void ChunkSums::clear(int prompts_dropped) {
  std::ranges::fill(gradient, 0.0);
  std::ranges::fill(curvature, 0.0);
  squared_error = robust_error = 0;
  dropped = prompts_dropped;
}

}  // namespace gramian
