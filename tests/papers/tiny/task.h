// Pairs of a bent line: y_j = |x_j - b|, x ~ U(-1, 1), b ~ U(-1, 1), d = 1. Without noise. The
// truth of a prompt is b.
#pragma once

#include <memory>

#include "gramian/tasks/pair_task.h"

namespace gramian::tiny {

// Requires: n >= 1 (asserted).
std::shared_ptr<const PairTask> bent_pairs(int n);

}  // namespace gramian::tiny
