// Training of one network on one task: sample, forward, backward, step.
//
// The same seed gives the same bits on any number of threads: prompts are addressed by
// (seed, step, index), a step is cut into fixed chunks, and chunk sums are added in order.
#pragma once

#include <cstdint>
#include <memory>

#include "gramian/base/error.h"
#include "gramian/models/network.h"
#include "gramian/parallel/pool.h"
#include "gramian/tasks/task.h"
#include "gramian/training/gauss_newton.h"
#include "gramian/training/loss.h"
#include "gramian/training/optimiser.h"
#include "gramian/training/soap.h"

namespace gramian {

enum class Method { adam, soap, gauss_newton };  // gauss_newton begins with Adam: see GaussNewtonSpec
enum class Precision { single, twice };          // float | double kernels; sums and weights are double in both

struct TrainSpec {
  std::uint64_t seed = 0;
  std::int64_t steps = 4000;
  int batch = 2048;  // B, fresh prompts a step
  Precision precision = Precision::single;
  LossSpec loss;
  double robust_final = 10000.0;  // c of the loss at the last step; it grows geometrically from loss.robust
  Method method = Method::adam;
  OptimiserSpec optimiser;  // Adam, SOAP, and the schedule of all
  GaussNewtonSpec gauss_newton;
};

struct StepReport {
  std::int64_t step = 0;     // steps done, this one included
  double loss = 0;           // mean 1/2 r^2 over the batch, prompts left out not counted
  double gradient_norm = 0;  // of the mean robust loss, before clipping
  double learning_rate = 0;
  int dropped = 0;  // prompts left out because the network exploded on them
};

// What a checkpoint holds: with it, training goes on to the same bits.
struct TrainState {
  std::vector<double> theta;
  AdamState adam;  // its step counts the steps of every method
  SoapState soap;  // beside it, or empty
  GaussNewtonState gauss_newton;
  double error = 0;  // running mean of r^2 under the robust loss; 0 before the first step
};

// Ranges, and combinations that mean nothing (the integrated loss needs the query out of
// the keys; step and batch counts fit the addresses of the random numbers).
Status check(const RegressionTask& task, const NetworkSpec& network, const TrainSpec& train);

class Trainer {
 public:
  virtual ~Trainer() = default;

  // The arguments must have passed check(). `pool` must outlive the trainer.
  static std::unique_ptr<Trainer> create(const RegressionTask& task, const Network& initial, const TrainSpec& spec,
                                         ThreadPool& pool);

  // One optimiser step. On an error (numeric) the weights are those before the step.
  virtual Expected<StepReport> step() = 0;

  const Network& network() const { return network_; }
  const TrainSpec& spec() const { return spec_; }
  std::int64_t steps_done() const { return adam_.step; }
  bool done() const { return adam_.step >= spec_.steps; }
  TrainState state() const { return {network_.theta, adam_, soap_, gauss_newton_, error_}; }
  void restore(TrainState state);

 protected:
  Trainer(Network network, const TrainSpec& spec) : network_(std::move(network)), spec_(spec) {}
  Network network_;
  TrainSpec spec_;
  AdamState adam_;
  SoapState soap_;
  GaussNewtonState gauss_newton_;
  double error_ = 0;
};

}  // namespace gramian
