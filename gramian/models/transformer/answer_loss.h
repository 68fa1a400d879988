// A transformer recorded with the loss of its answers (tasks/token_source.h): a number or several,
// at the query or at every token, or classes.
//
//     numbers  sum_t share_t 1/2 |prediction_t - target_t|^2
//     classes  sum_t share_t (- log softmax(scores_t)[class_t])
//
// with share_t = w_t / sum_s w_s of each prompt; weights of classes are 0 or 1.
//
// Shapes: the output of the network is [rows, outputs], of which the last `positions` rows are the
// predictions: learned tokens in front have none. Errors: config, for a description that cannot be
// recorded, and for an output of another shape.
#pragma once

#include "gramian/models/transformer/record.h"
#include "gramian/tape/tape_run.h"
#include "gramian/tasks/token_source.h"

namespace gramian {

// What a network for these answers gives: a shape that check() of a training names in its message.
// Errors: config.
Status check_output(const RecordedTransformer& recorded, const Answers& answers);

// The recording, whose output is the loss of a prompt, [1, 1]; `target` and `weights` are set.
Expected<RecordedTransformer> record_answer_loss(const TransformerSpec& spec,
                                                 const Answers& answers);

// Writes targets and weights of a block into the inputs of such a recording.
template <class T>
void enter_answers(const RecordedTransformer& recorded, const Answers& answers,
                   const TokenBlock<T>& block, TapeRun<T>& run);

}  // namespace gramian
