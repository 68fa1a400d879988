// Training of one linear transformer (models/network.h) on one regression task: the loop (loop.h)
// over the objective of gram_objective.h, with the network that it trains.
#pragma once

#include <memory>

#include "gramian/models/network.h"
#include "gramian/parallel/pool.h"
#include "gramian/tasks/task.h"
#include "gramian/training/loop.h"

namespace gramian {

// Validates every setting and rejects combinations that have no meaning: a network for another
// dimension, the integrated loss with the query among the keys, Gauss-Newton for many parameters,
// SOAP without matrices, more memory than a thread may take. Errors: config, the first fault.
Status check(const RegressionTask& task, const NetworkSpec& network, const TrainSpec& train);

// Bytes that one thread works in: activations and the gradient of one block of prompts.
double thread_bytes(const NetworkSpec& network);

// `pool` must outlive the trainer.
class Trainer final : public TrainingLoop {
 public:
  // Requires: the arguments have passed check() (asserted).
  static std::unique_ptr<Trainer> create(const RegressionTask& task, const Network& initial,
                                         const TrainSpec& spec, ThreadPool& pool);

  const Network& network() const { return *network_; }

 private:
  Trainer(const RegressionTask& task, std::unique_ptr<Network> network, const TrainSpec& spec,
          ThreadPool& pool);
  std::unique_ptr<Network> network_;  // its theta is trained in place
};

}  // namespace gramian
