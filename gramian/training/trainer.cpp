#include "gramian/training/trainer.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gramian/models/pass.h"

namespace gramian {

namespace {

constexpr int kChunkBlocks = 8;  // 128 prompts: small enough to share out, large against the reduction
constexpr int kChunkPrompts = kChunkBlocks * kLanes;

// A prompt with a larger squared error is left out: its Gram matrices are about to leave the
// range of float. The first bound is as high as can be, since a prompt that is left out cannot
// teach the network to hold it; where a backward pass overflows all the same, its chunk is run
// again with the second.
constexpr double kExploded[] = {1e24, 1e10};

// More than this share of exploded prompts is no accident: training has diverged.
constexpr double kMostDropped = 0.5;

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

template <class T>
class LaneTrainer final : public Trainer {
 public:
  LaneTrainer(const RegressionTask& task, const Network& initial, const TrainSpec& spec, ThreadPool& pool)
      : Trainer(initial, spec), task_(task), pool_(pool) {
    const std::size_t parameters = network_.theta.size();
    theta_.resize(parameters);
    gradient_.resize(parameters);
    chunks_.resize(static_cast<std::size_t>((spec.batch + kChunkPrompts - 1) / kChunkPrompts));
    for (Chunk& chunk : chunks_) chunk.gradient.resize(parameters);
    for (int t = 0; t < pool.threads(); ++t) {
      workers_.push_back(std::make_unique<Worker>(task_, network_.spec, spec.loss.query));
    }
    adam_.first.resize(parameters);
    adam_.second.resize(parameters);
  }

  Expected<StepReport> step() override {
    for (std::size_t i = 0; i < theta_.size(); ++i) theta_[i] = static_cast<T>(network_.theta[i]);
    loss_ = current_loss();
    pool_.run(static_cast<int>(chunks_.size()), [this](int chunk, int thread) {
      Worker& worker = *workers_[static_cast<std::size_t>(thread)];
      Chunk& result = chunks_[static_cast<std::size_t>(chunk)];
      for (double exploded : kExploded) {
        if (run_chunk(chunk, exploded, worker, result)) return;
      }
      result.give_up(count_in(chunk));
    });

    StepReport report;
    report.step = adam_.step + 1;
    std::fill(gradient_.begin(), gradient_.end(), 0.0);
    double squared_error = 0.0;
    for (const Chunk& chunk : chunks_) {  // in order: the bits do not depend on the threads
      squared_error += chunk.squared_error;
      report.dropped += chunk.dropped;
      for (std::size_t i = 0; i < gradient_.size(); ++i) gradient_[i] += chunk.gradient[i];
    }
    for (double& g : gradient_) g /= spec_.batch;
    const int kept = spec_.batch - report.dropped;
    report.loss = kept > 0 ? 0.5 * squared_error / kept : std::nan("");
    report.gradient_norm = clip(spec_.optimiser.clip_norm, gradient_);
    if (!std::isfinite(report.loss) || !std::isfinite(report.gradient_norm) ||
        report.dropped > kMostDropped * spec_.batch) {
      return fail(ErrorKind::numeric,
                  "training diverged at step {}: the network exploded on {} of {} prompts, mean loss of the others {}; "
                  "a lower [train.learning_rate] or [train.robust] may help",
                  report.step, report.dropped, spec_.batch, report.loss);
    }
    report.learning_rate = learning_rate(spec_.optimiser, adam_.step, spec_.steps);
    adam_step(spec_.optimiser, report.learning_rate, gradient_, adam_, network_.theta);
    return report;
  }

 private:
  struct Worker {
    Worker(const RegressionTask& task, const NetworkSpec& spec, QueryMode query)
        : sampler(task, query == QueryMode::sampled || spec.query_in_keys),
          pass(spec),
          block(task.d()),
          weights(static_cast<std::size_t>(task.d()) * kLanes),
          dtheta(spec.parameters() * kLanes) {}
    PromptSampler<T> sampler;
    NetworkPass<T> pass;
    PromptBlock<T> block;
    AlignedArray<T> weights;  // [d, lanes] w^L, then dloss/dw^L
    AlignedArray<T> dtheta;   // [parameters, lanes], summed over the blocks of a chunk
  };

  struct Chunk {
    std::vector<double> gradient;
    double squared_error = 0;
    int dropped = 0;

    void give_up(int count) {
      std::fill(gradient.begin(), gradient.end(), 0.0);
      squared_error = 0;
      dropped = count;
    }
  };

  int count_in(int chunk) const { return std::min(kChunkPrompts, spec_.batch - chunk * kChunkPrompts); }

  LossSpec current_loss() const {
    LossSpec loss = spec_.loss;
    if (loss.robust > 0 && spec_.robust_final > 0 && spec_.steps > 1) {
      const double progress = static_cast<double>(adam_.step) / static_cast<double>(spec_.steps - 1);
      loss.robust *= std::pow(spec_.robust_final / loss.robust, progress);
    }
    return loss;
  }

  // False if the gradient is not finite.
  bool run_chunk(int index, double exploded, Worker& worker, Chunk& chunk) {
    const int first = index * kChunkPrompts;
    const int count = count_in(index);
    const double factor = network_.spec.context_factor(task_.n());
    worker.dtheta.zero();
    chunk.squared_error = 0;
    chunk.dropped = 0;
    for (int b = 0; b * kLanes < count; ++b) {
      const PhiloxAddress address{.seed = spec_.seed,
                                  .stream = kTrainingStream,
                                  .step = static_cast<std::uint32_t>(adam_.step),
                                  .first = static_cast<std::uint32_t>(first + b * kLanes)};
      worker.sampler.sample(address, std::min(kLanes, count - b * kLanes), worker.block);
      worker.pass.forward(theta_.data(), worker.block, factor, worker.weights.data());
      BlockLoss<T> loss = loss_gradient(loss_, task_.spec().covariance, worker.block, worker.weights.data());
      if (const int dropped = drop_exploded(loss, exploded, worker.block); dropped > 0) {
        chunk.dropped += dropped;
        worker.pass.forward(theta_.data(), worker.block, factor, worker.weights.data());
        loss = loss_gradient(loss_, task_.spec().covariance, worker.block, worker.weights.data());
      }
      for (double r2 : loss.squared_error) chunk.squared_error += r2;
      worker.pass.backward(worker.weights.data(), worker.dtheta.data());
    }
    bool finite = true;
    for (std::size_t i = 0; i < chunk.gradient.size(); ++i) {
      chunk.gradient[i] = sum_lanes(worker.dtheta.data() + i * kLanes);
      finite = finite && std::isfinite(chunk.gradient[i]);
    }
    return finite;
  }

  // Replaces exploded prompts by empty ones, whose loss and gradient are exactly zero.
  static int drop_exploded(const BlockLoss<T>& loss, double exploded, PromptBlock<T>& block) {
    int dropped = 0;
    for (std::size_t p = 0; p < kLanes; ++p) {
      if (loss.squared_error[p] <= exploded) continue;  // false for NaN
      ++dropped;
      for (std::size_t i = p; i < block.gram.size(); i += kLanes) block.gram[i] = T(0);
      for (std::size_t i = p; i < block.truth.size(); i += kLanes) block.truth[i] = block.query[i] = T(0);
    }
    return dropped;
  }

  RegressionTask task_;
  ThreadPool& pool_;
  LossSpec loss_;  // of the current step
  std::vector<T> theta_;
  std::vector<double> gradient_;
  std::vector<Chunk> chunks_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace

Status check(const RegressionTask& task, const NetworkSpec& network, const TrainSpec& train) {
  if (Status ok = network.check(); !ok) return ok;
  if (network.d != task.d()) {
    return fail(ErrorKind::config, "the model is for d = {}, the task has d = {}", network.d, task.d());
  }
  if (network.query_in_keys && train.loss.query == QueryMode::integrated) {
    return fail(ErrorKind::config,
                "[train.query] integrated needs [model.query_in_keys] false: with the query among the keys the "
                "prediction is not linear in it; use sampled");
  }
  if (train.steps < 1 || train.steps > 0xFFFFFFFFll) {
    return fail(ErrorKind::config, "[train.steps] must be in [1, 2^32), got {}", train.steps);
  }
  if (train.batch < 1) return fail(ErrorKind::config, "[train.batch] must be >= 1, got {}", train.batch);
  // The whole batch's gradients and one block of activations a thread.
  const double rows = static_cast<double>(network.rows());
  const double chunks = std::ceil(static_cast<double>(train.batch) / kChunkPrompts);
  const double gradients = chunks * static_cast<double>(network.parameters()) * sizeof(double);
  const double activations = static_cast<double>(network.layers) * (2.0 + network.heads) * rows * rows * kLanes * 8.0;
  const double bytes = gradients + activations + static_cast<double>(network.parameters()) * kLanes * 8.0;
  if (bytes > 8e9) {
    return fail(ErrorKind::config,
                "d = {}, L = {}, H = {}, B = {} would need {:.0f} GB of memory; at most 8 GB are allowed", network.d,
                network.layers, network.heads, train.batch, bytes / 1e9);
  }
  return {};
}

void Trainer::restore(TrainState state) {
  network_.theta = std::move(state.theta);
  adam_ = std::move(state.adam);
}

std::unique_ptr<Trainer> Trainer::create(const RegressionTask& task, const Network& initial, const TrainSpec& spec,
                                         ThreadPool& pool) {
  if (spec.precision == Precision::twice) return std::make_unique<LaneTrainer<double>>(task, initial, spec, pool);
  return std::make_unique<LaneTrainer<float>>(task, initial, spec, pool);
}

}  // namespace gramian
