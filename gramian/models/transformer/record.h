// The operations of a transformer (spec.h), recorded on a tape: what each prompt runs through.
//
// Theta holds the parameters in the order in which they are recorded: stem, blocks that have
// weights of their own (parameters.h), read-out. Their names, which are also those of a model file:
//
//   positions, embedding, prefix
//   layers.0.mlp.gate, .mlp.gate_bias, .mlp.in, .mlp.in_bias, .mlp.out, .mlp.out_bias,
//   layers.0.heads.0.Q, .K, .V, .P, or layers.0.step,
//   layers.0.before_mixer.gain, .bias (and the other norms), layers.0.mixer_skip, .mlp_skip
//   readout.gain, readout.bias, readout.matrix
//
// Values that can be read by name after a run, one matrix a prompt:
//
//   stem               what enters the first block
//   blocks.0           what leaves it
//   blocks.0.mixer.in  what its mixer works on, after the norm
//   blocks.0.mixer.out what its mixer gives, before the skip
//   blocks.0.mlp.out   what its MLP gives, before the skip
//   output
//
// Where the read-out is of the query alone, the last block has values of the query alone, [1, W].
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gramian/models/prediction_loss.h"
#include "gramian/models/transformer/parameters.h"
#include "gramian/models/transformer/spec.h"
#include "gramian/tape/tape.h"

namespace gramian {

// Immutable once recorded; runs on many threads share one.
struct RecordedTransformer {
  TransformerSpec spec;
  Tape tape;
  Value tokens = {};  // [stem.tokens, stem.width], an input
  Value output = {};  // where a backward pass begins
  // Of a recorded loss alone: what the prediction is compared with, an input of its shape.
  std::optional<Value> target = {};
  // Of a recorded loss of several answers (answer_loss.h): how much each counts, an input.
  std::optional<Value> weights = {};
  std::vector<Value> states = {};          // stem, then what leaves each block
  std::vector<Parameter> parameters = {};  // in the order of theta
  std::vector<std::pair<std::string, Value>> names = {};

  // A value by its name. Errors: config, with the names that there are.
  Expected<Value> value(std::string_view name) const;
};

// Errors: config, for a description that does not pass its check, or that is too large for a tape.
// Cost: of a mask that differs by token, N^2 numbers a head.
Expected<RecordedTransformer> record(const TransformerSpec& spec);

// The same parameters, but the output is the loss of the prediction, [1, 1], and the target is one
// more input. "output" still names the prediction.
Expected<RecordedTransformer> record_loss(const TransformerSpec& spec, PredictionLoss loss);

// The same with any loss: `after` records what follows the prediction, and sets the target.
// "output" still names the prediction.
using RecordAfter =
    std::function<Value(Recorder& recorder, Value prediction, std::optional<Value>& target)>;
Expected<RecordedTransformer> record_loss(const TransformerSpec& spec, const RecordAfter& after);

// The same parameters, but the output is all tokens after the first `blocks` blocks, [N, W].
Expected<RecordedTransformer> record_states(const TransformerSpec& spec, int blocks);

}  // namespace gramian
