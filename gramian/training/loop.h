// What every training has in common, whatever network it trains: settings, the state between steps,
// and the sum over the chunks of a batch.
//
// The same seed gives the same bits on any number of threads: prompts are addressed by (seed, step,
// index), a step is cut into fixed chunks, and chunk sums are added in order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/lanes/block.h"
#include "gramian/training/gauss_newton.h"
#include "gramian/training/loss.h"
#include "gramian/training/optimiser.h"
#include "gramian/training/soap.h"

namespace gramian {

enum class Method {
  adam,
  soap,
  gauss_newton
};  // gauss_newton begins with Adam: see GaussNewtonSpec
enum class Precision {
  single,
  twice
};  // float | double kernels; sums and weights are double in both

struct TrainSpec {
  std::uint64_t seed = 0;
  std::int64_t steps = 4000;
  int batch = 2048;  // B, fresh prompts a step
  Precision precision = Precision::single;
  LossSpec loss;
  double robust_final =
      10000.0;  // c of the loss at the last step; it grows geometrically from loss.robust
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

inline constexpr int kChunkBlocks =
    8;  // 128 prompts: small enough to share out, large against the reduction
inline constexpr int kChunkPrompts = kChunkBlocks * kLanes;

// A prompt with a larger squared error is left out: its numbers are about to leave the range of
// float. The first bound is as high as can be, since a prompt that is left out cannot teach the
// network to hold it; where a backward pass overflows all the same, its chunk is run again with the
// second.
inline constexpr double kExploded[] = {1e24, 1e10};

// What a chunk of a batch leaves.
struct ChunkSums {
  std::vector<double> gradient;
  double squared_error = 0;
  double robust_error = 0;  // twice the loss, summed
  int dropped = 0;

  void give_up(int count);  // all its prompts are dropped
};

// The sum over lanes, in double and by halves: an order that is fixed and that vectorises.
template <class T>
double sum_lanes(const T* lanes) {
  double sum[kLanes];
  for (int p = 0; p < kLanes; ++p) sum[p] = static_cast<double>(lanes[p]);
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int p = 0; p < half; ++p) sum[p] += sum[p + half];
  }
  return sum[0];
}

class TrainingLoop {
 public:
  virtual ~TrainingLoop() = default;

  // One optimiser step. On an error (numeric) the weights are those before the step.
  virtual Expected<StepReport> step() = 0;

  virtual const std::vector<double>& theta() const = 0;
  const TrainSpec& spec() const { return spec_; }
  std::int64_t steps_done() const { return adam_.step; }
  bool done() const { return adam_.step >= spec_.steps; }
  TrainState state() const { return {theta(), adam_, soap_, gauss_newton_, error_}; }
  void restore(TrainState state);

 protected:
  TrainingLoop(const TrainSpec& spec, std::size_t parameters);
  virtual std::vector<double>& mutable_theta() = 0;

  int chunks() const { return (spec_.batch + kChunkPrompts - 1) / kChunkPrompts; }
  int count_in(int chunk) const;  // prompts
  LossSpec current_loss() const;  // with the scale of the robust loss of this step
  // Prompts of a batch that are no guards.
  int learners() const;

  // Sums the chunks into gradient_, robust_error_ and the report, and clips the gradient. Errors:
  // numeric, if training has diverged.
  Expected<StepReport> reduce(std::span<const ChunkSums> chunks);

  TrainSpec spec_;
  AdamState adam_;
  SoapState soap_;
  GaussNewtonState gauss_newton_;
  double error_ = 0;
  // Of the current step:
  std::vector<double> gradient_;
  double robust_error_ = 0;  // mean
};

}  // namespace gramian
