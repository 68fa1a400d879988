// The objective of a linear transformer that sees its context through the Gram matrix
// (models/network.h): a regression task, the network, and the loss of its implicit weights
// (loss.h).
//
// Shapes: theta as in models/network.h. Its curvature is offered, the matrices of FULL are named
// for SOAP, and the rate of Adam follows the error.
#pragma once

#include <memory>

#include "gramian/models/network.h"
#include "gramian/tasks/task.h"
#include "gramian/training/loss.h"
#include "gramian/training/objective.h"

namespace gramian {

// `loss`: its field `robust` is not read, each chunk states its own.
// Requires: what check() of trainer.h requires; network.d == task.d() is asserted.
std::unique_ptr<Objective> gram_objective(const RegressionTask& task, const NetworkSpec& network,
                                          const LossSpec& loss, Precision precision);

}  // namespace gramian
