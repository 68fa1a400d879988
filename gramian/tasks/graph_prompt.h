// One prompt of a task of graphs (graph_task.h) as matrices in double. Cost: about 10 n^3.
#pragma once

#include "gramian/tasks/graph_answers.h"
#include "gramian/tasks/graph_task.h"

namespace gramian {

struct GraphPrompt {
  Graph graph = {};
  Eigen::MatrixXd demands = {}, target = {};  // [n, k]
  LaplacianSpectrum spectrum = {};
};
// Prompt `address.first + p`. Requires a spec that has passed its check.
void draw_prompt(const GraphTaskSpec& spec, const PhiloxAddress& address, std::size_t p,
                 GraphPrompt& prompt);

}  // namespace gramian
