// Training of one transformer on tokens (transformer.h): sample, forward, backward, step.
#pragma once

#include <memory>

#include "gramian/models/transformer.h"
#include "gramian/parallel/pool.h"
#include "gramian/tasks/token_task.h"
#include "gramian/training/loop.h"

namespace gramian {

// Ranges, and settings that are for linear transformers alone: the loss is that of the sampled
// query, there are no guards, and the method is Adam. Unlike there, Adam's rate is that of the
// schedule whatever the error.
Status check(const TokenTask& task, const TransformerSpec& transformer, const TrainSpec& train);

class TransformerTrainer : public TrainingLoop {
 public:
  // The arguments must have passed check(). `pool` must outlive the trainer.
  static std::unique_ptr<TransformerTrainer> create(const TokenTask& task,
                                                    const Transformer& initial,
                                                    const TrainSpec& spec, ThreadPool& pool);

  const Transformer& transformer() const { return transformer_; }
  const std::vector<double>& theta() const final { return transformer_.theta; }

 protected:
  TransformerTrainer(Transformer transformer, const TrainSpec& spec)
      : TrainingLoop(spec, transformer.theta.size()), transformer_(std::move(transformer)) {}
  std::vector<double>& mutable_theta() final { return transformer_.theta; }
  Transformer transformer_;
};

}  // namespace gramian
