// The training of any objective: steps of an optimiser, and the state between them.
//
//     theta <- theta - rate * direction(gradient of the mean loss of the batch of this step)
//
// with theta in units of the objective (units.h): gradients, moments and curvature are those of the
// weights in numbers of their units, of a loss in numbers of its own.
//
// Prompts are fresh in every step and addressed by (seed, step, index). A batch is cut into fixed
// chunks whose sums are added in order, so that the same seed gives the same bits on any number of
// threads, and for any crew (parallel/crew.h); with its state, another loop goes on to the same.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/lanes/block.h"
#include "gramian/parallel/crew.h"
#include "gramian/parallel/pool.h"
#include "gramian/training/gauss_newton.h"
#include "gramian/training/loss.h"
#include "gramian/training/objective.h"
#include "gramian/training/optimiser.h"
#include "gramian/training/soap.h"

namespace gramian {

// sgd: gradient descent on the batch of each step. gauss_newton begins with steps of Adam: see
// GaussNewtonSpec.
enum class Method { adam, soap, gauss_newton, sgd };

struct TrainSpec {
  std::uint64_t seed = 0;
  std::int64_t steps = 4000;
  int batch = 2048;  // B, fresh prompts a step
  Precision precision = Precision::float32;
  LossSpec loss;
  // c of the loss at the last step; it grows geometrically from loss.robust. 0: it stays.
  double robust_final = 10000.0;
  Method method = Method::adam;
  OptimiserSpec optimiser;  // Adam, SOAP, gradient descent, and the schedule of all
  GaussNewtonSpec gauss_newton;
};

struct StepReport {
  std::int64_t step = 0;     // steps done, this one included
  double loss = 0;           // mean 1/2 r^2 over the batch, prompts left out not counted; r^2 is
                             // twice the loss of a prompt where that is no squared error
  double gradient_norm = 0;  // of the mean robust loss, in units, before clipping
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

// Prompts of a chunk: few enough to share out, many against the cost of adding the sums.
inline constexpr int kChunkBlocks = 8;
inline constexpr int kChunkPrompts = kChunkBlocks * kLanes;

// Squared errors above which a prompt is left out (Chunk::exploded). The first bound is as high as
// can be, since a prompt that is left out cannot teach the network to hold it; where a backward
// pass overflows all the same, its chunk is run again with the second.
inline constexpr double kExploded[] = {1e24, 1e10};

// Called after each step with the new weights, which it may change but not resize: to prune, to
// freeze, to project. Training stays reproducible if it depends on its arguments alone.
using StepHook = std::function<void(const StepReport&, std::vector<double>& theta)>;

// The settings that every objective needs within range: batch >= 1, 0 <= steps < 2^32, which is
// what the addresses of prompts can hold. Errors: config.
Status check_sizes(const TrainSpec& spec);

// Bytes of the sums of all chunks of a batch.
double chunk_bytes(const TrainSpec& spec, std::size_t parameters);

class TrainingLoop : private SharedWork {
 public:
  // `theta` holds the initial weights and is trained in place. It and the pool must outlive the
  // loop. Requires, asserted: theta has the parameters of the objective, spec passes check_sizes,
  // and the objective offers slopes for Gauss-Newton and matrices for SOAP.
  TrainingLoop(std::unique_ptr<const Objective> objective, std::vector<double>& theta,
               const TrainSpec& spec, ThreadPool& pool);
  ~TrainingLoop() override = default;
  TrainingLoop(const TrainingLoop&) = delete;
  TrainingLoop& operator=(const TrainingLoop&) = delete;

  // One step. Errors: numeric, if training has diverged; interrupted, by abandon_when; those of the
  // crew. All state is then that before the step. Allocates nothing.
  Expected<StepReport> step();

  // Has the chunks carried out by this crew, which must outlive the loop, in place of the threads
  // of the pool.
  void share_with(Crew& crew) { crew_ = &crew; }
  // The chunks of a step, for a process that runs a part of them and does no step of its own.
  SharedWork& shared_work() { return *this; }

  // Asks before each block of prompts, from any thread of the pool, whether to give the step up.
  // `abandon` must have no effects of its own; an empty function gives no step up.
  void abandon_when(std::function<bool()> abandon) { abandon_ = std::move(abandon); }

  // Replaces the hook; an empty one ends it.
  void after_step(StepHook hook) { hook_ = std::move(hook); }

  const std::vector<double>& theta() const { return *theta_; }
  const TrainSpec& spec() const { return spec_; }
  std::int64_t steps_done() const { return adam_.step; }
  bool done() const { return adam_.step >= spec_.steps; }
  TrainState state() const { return {theta(), adam_, soap_, gauss_newton_, error_}; }
  // Requires: the state is of a loop with the same number of parameters (asserted).
  void restore(TrainState state);

 private:
  int learners() const { return objective_->learners(spec_.batch); }
  std::int64_t first_steps() const;  // steps of Adam before those of Gauss-Newton
  double robust_scale() const;       // c of the loss in this step
  Chunk chunk(int index) const;

  // SharedWork: order_ in numbers, and the sums of a chunk.
  int chunks() const override { return static_cast<int>(chunks_.size()); }
  void run_chunk(int index, int thread) override;
  bool given_up() const override { return abandoned_; }
  void write_order(std::vector<double>& numbers) const override;
  void take_order(std::span<const double> numbers) override;
  void write_left(int index, std::vector<double>& numbers) const override;
  void read_left(int index, std::span<const double> numbers) override;
  void begin_chunks();  // of order_

  // Adds the sums of the chunks and clips the gradient. Errors: numeric, as step().
  Expected<StepReport> add_chunks();
  Error diverged(const StepReport& report) const;
  void add_curvature();

  // Move theta and return the rate. Within move() theta is in units of the objective.
  double move();
  double first_order_step();
  double gauss_newton_step();

  std::unique_ptr<const Objective> objective_;
  const Units& units_;
  std::vector<double>* theta_;
  TrainSpec spec_;
  Crew* crew_;
  StepHook hook_;
  std::function<bool()> abandon_;

  AdamState adam_;
  SoapState soap_;
  GaussNewtonState gauss_newton_;
  double error_ = 0;
  std::unique_ptr<Soap> soap_step_;
  std::unique_ptr<GaussNewton> gauss_newton_step_;

  // What the chunks of the current step work with, and leave:
  struct Order {
    std::vector<double> theta;
    std::int64_t step = 0;  // before this one
    double robust = 0;
    bool second_order = false;
  };
  Order order_;
  Theta kernel_theta_;  // order_.theta
  std::atomic<bool> abandoned_ = false;
  std::function<bool()> give_up_;  // asks abandon_, and remembers that it was so
  std::vector<ChunkSums> chunks_;
  std::vector<std::unique_ptr<Objective::Scratch>> scratch_;  // one a thread
  std::vector<double> gradient_;                              // of the mean loss, in units, clipped
  std::vector<double> curvature_;  // of the mean loss [parameters, parameters], in units; or empty
  double robust_error_ = 0;        // mean of twice the loss
};

}  // namespace gramian
