// Errors of networks on graphs, over fresh prompts of a task: r^2 of graph_objective.h, measured in
// double.
//
// Requires: a tape that ends in the loss of the task's question (asserted). Errors: none. Cost: a
// forward pass a prompt. Numbers do not depend on the threads.
#pragma once

#include <cstdint>
#include <vector>

#include "gramian/evaluation/statistics.h"
#include "gramian/models/graph_network.h"
#include "gramian/parallel/pool.h"
#include "gramian/tasks/graph_task.h"

namespace gramian {

RunningMean graph_error(const GraphTaskSpec& task, const RecordedGraphNetwork& recorded,
                        const std::vector<double>& theta, std::uint64_t prompts, std::uint64_t seed,
                        ThreadPool& pool);

}  // namespace gramian
