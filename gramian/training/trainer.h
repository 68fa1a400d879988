// Training of one linear transformer (network.h) on one task: sample, forward, backward, step.
#pragma once

#include <memory>

#include "gramian/models/network.h"
#include "gramian/parallel/pool.h"
#include "gramian/tasks/task.h"
#include "gramian/training/loop.h"

namespace gramian {

// Ranges, and combinations that mean nothing (the integrated loss needs the query out of
// the keys; step and batch counts fit the addresses of the random numbers).
Status check(const RegressionTask& task, const NetworkSpec& network, const TrainSpec& train);

class Trainer : public TrainingLoop {
 public:
  // The arguments must have passed check(). `pool` must outlive the trainer.
  static std::unique_ptr<Trainer> create(const RegressionTask& task, const Network& initial,
                                         const TrainSpec& spec, ThreadPool& pool);

  const Network& network() const { return network_; }
  const std::vector<double>& theta() const final { return network_.theta; }

 protected:
  Trainer(Network network, const TrainSpec& spec)
      : TrainingLoop(spec, network.theta.size()), network_(std::move(network)) {}
  std::vector<double>& mutable_theta() final { return network_.theta; }
  Network network_;
};

}  // namespace gramian
