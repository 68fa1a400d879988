// Training of one transformer on tokens (models/transformer.h): the loop (loop.h) over the
// objective of token_objective.h, with the transformer that it trains.
#pragma once

#include <memory>

#include "gramian/models/transformer.h"
#include "gramian/parallel/pool.h"
#include "gramian/tasks/token_task.h"
#include "gramian/training/loop.h"

namespace gramian {

// Validates every setting and rejects what such a network cannot do: tokens of another shape than
// the task's, an output that is not one of its answers, guards (they stretch a Gram matrix),
// optimisers other than Adam and gradient descent, a hinge loss where there are no labels, more
// memory than a thread may take. The loss is that of the sampled query or, of tasks with several
// answers, of all of them. Errors: config, the first fault.
Status check(const TokenTask& task, const TransformerSpec& transformer, const TrainSpec& train);

// `pool` must outlive the trainer.
class TransformerTrainer final : public TrainingLoop {
 public:
  // Requires: the arguments have passed check() (asserted).
  static std::unique_ptr<TransformerTrainer> create(const TokenTask& task,
                                                    const Transformer& initial,
                                                    const TrainSpec& spec, ThreadPool& pool);

  const Transformer& transformer() const { return *transformer_; }

 private:
  TransformerTrainer(std::unique_ptr<const Objective> objective,
                     std::unique_ptr<Transformer> transformer, const TrainSpec& spec,
                     ThreadPool& pool);
  std::unique_ptr<Transformer> transformer_;  // its theta is trained in place
};

}  // namespace gramian
