#include "gramian/models/transformer/answer_loss.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/lanes/view.h"

namespace gramian {

namespace {

// The last rows of the output.
Value predictions_of(Recorder& r, Value output, const Answers& answers) {
  const int rows = r.rows_of(output);
  if (rows <= answers.positions) return output;
  return r.rows(output, rows - answers.positions, answers.positions);
}

// Roots of shares as factors of both sides: half_squared_error then weighs each row by its share.
Value loss_of_numbers(Recorder& r, Value predictions, Value target, Value weights) {
  return r.half_squared_error(r.times(predictions, weights), r.times(target, weights));
}

// Rows that do not count have a negative class; the others count the same.
Value loss_of_classes(Recorder& r, Value predictions, Value target, Value weights) {
  return r.times(r.apply(ops::CrossEntropy{}, {predictions, target}), weights);
}

}  // namespace

Status check_output(const RecordedTransformer& recorded, const Answers& answers) {
  const Tape::Node& output = recorded.tape.node(recorded.output);
  const int learned = answers.positions > 1 ? recorded.spec.stem.prefix : 0;
  if (output.rows == answers.positions + learned && output.columns == answers.outputs) return {};
  return fail(ErrorKind::config,
              "the model has an output of {} x {} numbers, the task a target of {} x {}",
              output.rows, output.columns, answers.positions, answers.outputs);
}

Expected<RecordedTransformer> record_answer_loss(const TransformerSpec& spec,
                                                 const Answers& answers) {
  const auto plain = GRAMIAN_TRY(record(spec));
  GRAMIAN_TRY(check_output(plain, answers));
  const bool is_classes = answers.kind == AnswerKind::classes;
  Value weights;
  auto recorded =
      GRAMIAN_TRY(record_loss(spec, [&](Recorder& r, Value output, std::optional<Value>& target) {
        const Value predictions = predictions_of(r, output, answers);
        target = r.input("target", answers.positions, answers.target_width());
        weights = r.input("weights", is_classes ? 1 : answers.positions, 1);
        return is_classes ? loss_of_classes(r, predictions, *target, weights)
                          : loss_of_numbers(r, predictions, *target, weights);
      }));
  recorded.weights = weights;
  return recorded;
}

template <class T>
void enter_answers(const RecordedTransformer& recorded, const Answers& answers,
                   const TokenBlock<T>& block, TapeRun<T>& run) {
  GRAMIAN_ASSERT(recorded.target.has_value() && recorded.weights.has_value());
  T* const target = run.values(*recorded.target);
  T* const weights = run.values(*recorded.weights);
  std::ranges::copy(block.target, target);
  const auto positions = static_cast<std::size_t>(answers.positions);
  std::array<T, kLanes> inverse{};
  for (std::size_t t = 0; t < positions; ++t)
    for (std::size_t p = 0; p < kLanes; ++p) inverse[p] += block.weights[t * kLanes + p];
  for (T& sum : inverse) sum = sum > 0 ? 1 / sum : T(0);
  if (answers.kind == AnswerKind::classes) {
    std::ranges::copy(inverse, weights);
    for (std::size_t k = 0; k < lane_size(positions); ++k)
      if (!(block.weights[k] > 0)) target[k] = T(-1);
    return;
  }
  for (std::size_t k = 0; k < lane_size(positions); ++k)
    weights[k] = std::sqrt(block.weights[k] * inverse[k % kLanes]);
}

template void enter_answers(const RecordedTransformer&, const Answers&, const TokenBlock<float>&,
                            TapeRun<float>&);
template void enter_answers(const RecordedTransformer&, const Answers&, const TokenBlock<double>&,
                            TapeRun<double>&);

}  // namespace gramian
