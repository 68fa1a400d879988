// Pairs of linear regression: y_j = <w, x_j> + noise, as RegressionTask (task.h) draws them. The
// truth of a prompt is w [d]; its target is <w, x_q>.
//
// Requires what RegressionTask::create requires. Errors: none. Cost: that of the token sampler.
#pragma once

#include <memory>

#include "gramian/tasks/pair_task.h"
#include "gramian/tasks/task.h"

namespace gramian {

std::shared_ptr<const PairTask> linear_pairs(RegressionTask regression);

}  // namespace gramian
