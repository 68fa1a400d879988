// The objective of a network on graphs: a task of graphs, a network that is recorded on a tape and
// ends in a loss against the target. r^2 of a prompt is twice the recorded loss: for answers that
// are functions of L times demands
//
//     r^2 = |Phi / |Phi| - Y / |Y||^2,    Frobenius norms, Y the exact answer,
//
// and for eigenvectors sum_j min |+- phi_j / |phi_j| - u_j|^2.
//
// Shapes: theta as the parameters of the tape. Requires: inputs of the shape of the task's tokens
// and target, an output [1, 1] (asserted).
#pragma once

#include <memory>

#include "gramian/models/graph_network.h"
#include "gramian/tasks/graph_task.h"
#include "gramian/training/objective.h"

namespace gramian {

// The loss that an objective of this question ends in.
GraphLoss loss_of_question(GraphQuestion question);

std::unique_ptr<Objective> graph_objective(const GraphTaskSpec& task,
                                           std::shared_ptr<const RecordedGraphNetwork> recorded,
                                           Precision precision);

}  // namespace gramian
