// The objective of a network that reads tokens: a task of tokens, a network that is recorded on a
// tape, and the squared error of its prediction for the query,
//
//     r = prediction - target,    loss = c/2 log(1 + r^2 / c)    (c = 0: 1/2 r^2)
//
// Where the tape ends in a loss of its own (record_loss), r^2 is twice that loss, so that c = 0 is
// the loss as it is recorded. That is so for every task whose answer is not one number of the query
// (models/transformer/answer_loss.h): its loss is the mean over the positions of a prompt.
//
// Shapes: theta as the parameters of the tape. The objective knows nothing of the network but the
// tape. A network with biases predicts something for an empty prompt too; empty lanes do not count.
#pragma once

#include <memory>

#include "gramian/models/transformer.h"
#include "gramian/tasks/token_task.h"
#include "gramian/training/objective.h"

namespace gramian {

// Requires: recorded.tokens is an input [N, D] of the shape of the task's
// tokens, and recorded.output is the prediction or, if there is recorded.target, the loss, [1, 1]
// (asserted).
std::unique_ptr<Objective> token_objective(const TokenTask& task,
                                           std::shared_ptr<const RecordedTransformer> recorded,
                                           Precision precision);

}  // namespace gramian
