#include "gramian/training/transformer_trainer.h"

#include "gramian/base/memory.h"
#include "gramian/models/transformer/answer_loss.h"
#include "gramian/training/tape_objective.h"
#include "gramian/training/token_objective.h"

namespace gramian {

Status check(const TokenTask& task, const TransformerSpec& transformer, const TrainSpec& train) {
  const auto recorded = GRAMIAN_TRY(record(transformer));
  const Tape::Node& tokens = recorded.tape.node(recorded.tokens);
  if (tokens.rows != task.tokens() || tokens.columns != task.width()) {
    return fail(ErrorKind::config,
                "the model is for {} tokens of {} numbers, the task has {} of {}", tokens.rows,
                tokens.columns, task.tokens(), task.width());
  }
  GRAMIAN_TRY(check_output(recorded, task.answers()));
  if (train.loss.guards != 0) {
    return fail(
        ErrorKind::config,
        "[train.guards] must be 0 for [model.kind] transformer: guards stretch a Gram matrix");
  }
  if (train.method != Method::adam && train.method != Method::sgd) {
    return fail(ErrorKind::config,
                "[train.optimiser] must be adam or sgd for [model.kind] transformer");
  }
  const PairTokens* pairs = task.pair_tokens();
  if (train.loss.prediction == PredictionLoss::hinge &&
      (pairs == nullptr || !pairs->pairs().has_labels())) {
    return fail(ErrorKind::config, "[train.loss] hinge is for labels of 1 and -1, and not for {}",
                task.describe());
  }
  GRAMIAN_TRY(check_sizes(train));
  return check_memory(fmt::format("{} parameters, {} tokens and B = {}", recorded.tape.parameters(),
                                  tokens.rows, train.batch),
                      tape_bytes(recorded.tape, train), kMostThreadBytes);
}

TransformerTrainer::TransformerTrainer(std::unique_ptr<const Objective> objective,
                                       std::unique_ptr<Transformer> transformer,
                                       const TrainSpec& spec, ThreadPool& pool)
    : TrainingLoop(std::move(objective), transformer->theta, spec, pool),
      transformer_(std::move(transformer)) {}

std::unique_ptr<TransformerTrainer> TransformerTrainer::create(const TokenTask& task,
                                                               const Transformer& initial,
                                                               const TrainSpec& spec,
                                                               ThreadPool& pool) {
  GRAMIAN_ASSERT(check(task, initial.spec(), spec).has_value());
  auto recorded = initial.shared_recording();
  if (!task.answers().is_scalar()) {
    recorded = std::make_shared<const RecordedTransformer>(
        record_answer_loss(initial.spec(), task.answers()).value());
  } else if (spec.loss.prediction != PredictionLoss::squared) {
    recorded = std::make_shared<const RecordedTransformer>(
        record_loss(initial.spec(), spec.loss.prediction).value());
  }
  auto objective = token_objective(task, std::move(recorded), spec.precision);
  return std::unique_ptr<TransformerTrainer>(new TransformerTrainer(
      std::move(objective), std::make_unique<Transformer>(initial), spec, pool));
}

}  // namespace gramian
