#include "gramian/training/trainer.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gramian/models/pass.h"

namespace gramian {

namespace {

// J^T v beyond this is left out of the curvature: its square would leave the range of float soon.
constexpr double kLargestSlope = 1e15;

template <class T>
class LaneTrainer final : public Trainer {
 public:
  LaneTrainer(const RegressionTask& task, const Network& initial, const TrainSpec& spec,
              ThreadPool& pool)
      : Trainer(initial, spec), task_(task), pool_(pool) {
    const std::size_t parameters = network_.theta.size();
    const bool second_order = spec.method == Method::gauss_newton;
    theta_.resize(parameters);
    chunks_.resize(static_cast<std::size_t>(chunks()));
    for (ChunkSums& chunk : chunks_) chunk.gradient.resize(parameters);
    if (second_order)
      curvatures_.resize(chunks_.size(), std::vector<double>(parameters * parameters));
    for (int t = 0; t < pool.threads(); ++t) {
      workers_.push_back(
          std::make_unique<Worker>(task_, network_.spec, spec.loss.query, second_order));
    }
    if (second_order) {
      solver_ = std::make_unique<GaussNewton>(parameters);
      curvature_.resize(parameters * parameters);
      gauss_newton_.curvature.resize(parameters * parameters);
      gauss_newton_.momentum.resize(parameters);
    }
    if (spec.method == Method::soap) {
      soap_step_ = std::make_unique<Soap>(network_.spec.rows());
      soap_ = soap_step_->initial(parameters);
    }
  }

  Expected<StepReport> step() override {
    for (std::size_t i = 0; i < theta_.size(); ++i) theta_[i] = static_cast<T>(network_.theta[i]);
    loss_ = current_loss();
    second_order_ = spec_.method == Method::gauss_newton && adam_.step >= first_steps();
    pool_.run(static_cast<int>(chunks_.size()), [this](int chunk, int thread) {
      Worker& worker = *workers_[static_cast<std::size_t>(thread)];
      for (double exploded : kExploded) {
        if (run_chunk(chunk, exploded, worker)) return;
      }
      chunks_[static_cast<std::size_t>(chunk)].give_up(count_in(chunk));
      std::ranges::fill(curvature_of(chunk), 0.0);
    });

    auto report = reduce(chunks_);
    if (!report) return report;
    if (second_order_) {
      report->learning_rate = gauss_newton(std::sqrt(robust_error_));
    } else {
      const std::int64_t steps = spec_.method == Method::gauss_newton ? first_steps() : spec_.steps;
      report->learning_rate =
          learning_rate(spec_.optimiser, adam_.step, steps) * std::min(1.0, std::sqrt(error_));
      if (spec_.method == Method::soap) {
        soap_step_->step(spec_.optimiser, report->learning_rate, gradient_, adam_, soap_,
                         network_.theta);
      } else {
        adam_step(spec_.optimiser, report->learning_rate, gradient_, adam_, network_.theta);
      }
    }
    return report;
  }

 private:
  struct Worker {
    Worker(const RegressionTask& task, const NetworkSpec& spec, QueryMode query, bool second_order)
        : sampler(task, query == QueryMode::sampled || spec.query_in_keys),
          pass(spec),
          block(task.d()),
          weights(static_cast<std::size_t>(task.d()) * kLanes),
          dtheta(spec.parameters() * kLanes),
          slopes(second_order ? spec.parameters() * kLanes : 0) {}
    PromptSampler<T> sampler;
    NetworkPass<T> pass;
    PromptBlock<T> block;
    AlignedArray<T> weights;  // [d, lanes] w^L, then dloss/dw^L
    AlignedArray<T> dtheta;   // [parameters, lanes], summed over the blocks of a chunk
    AlignedArray<T> slopes;   // [parameters, lanes] J^T v of one block
  };

  std::span<double> curvature_of(int chunk) {
    if (curvatures_.empty()) return {};
    return curvatures_[static_cast<std::size_t>(chunk)];
  }

  // Steps of Adam before those of Gauss-Newton.
  std::int64_t first_steps() const {
    return static_cast<std::int64_t>(spec_.gauss_newton.first_share *
                                     static_cast<double>(spec_.steps));
  }

  // Returns the rate.
  double gauss_newton(double error) {
    const std::size_t n = network_.theta.size();
    std::fill(curvature_.begin(), curvature_.end(), 0.0);
    for (const std::vector<double>& chunk : curvatures_) {
      for (std::size_t i = 0; i < n * n; ++i) curvature_[i] += chunk[i];
    }
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j <= i; ++j)
        curvature_[j * n + i] = curvature_[i * n + j] /= learners();
    }
    const double height =
        schedule_height(spec_.optimiser, adam_.step - first_steps(), spec_.steps - first_steps());
    solver_->step(spec_.gauss_newton, spec_.optimiser.beta1, height, error, gradient_, curvature_,
                  gauss_newton_, network_.theta);
    adam_.step += 1;
    return spec_.gauss_newton.rate * height;
  }

  // False if the gradient is not finite.
  bool run_chunk(int index, double exploded, Worker& worker) {
    ChunkSums& chunk = chunks_[static_cast<std::size_t>(index)];
    const int first = index * kChunkPrompts;
    const int count = count_in(index);
    const double factor = network_.spec.context_factor(task_.n());
    worker.dtheta.zero();
    chunk.squared_error = chunk.robust_error = 0;
    chunk.dropped = 0;
    std::ranges::fill(curvature_of(index), 0.0);
    for (int b = 0; b * kLanes < count; ++b) {
      const PhiloxAddress address{.seed = spec_.seed,
                                  .stream = kTrainingStream,
                                  .step = static_cast<std::uint32_t>(adam_.step),
                                  .first = static_cast<std::uint32_t>(first + b * kLanes)};
      worker.sampler.sample(address, std::min(kLanes, count - b * kLanes), worker.block);
      stretch_guards(worker.block);
      worker.pass.forward(theta_.data(), worker.block, factor, worker.weights.data());
      BlockLoss<T> loss =
          loss_gradient(loss_, task_.spec().covariance, worker.block, worker.weights.data());
      if (const int dropped = drop_exploded(loss, exploded, worker.block); dropped > 0) {
        chunk.dropped += dropped;
        worker.pass.forward(theta_.data(), worker.block, factor, worker.weights.data());
        loss = loss_gradient(loss_, task_.spec().covariance, worker.block, worker.weights.data());
      }
      for (auto p = static_cast<std::size_t>(loss_.guards); p < kLanes; ++p) {
        chunk.squared_error += loss.squared_error[p];
        chunk.robust_error += 2 * robust_loss(loss.squared_error[p], loss_.robust);
      }
      worker.pass.backward(worker.weights.data(), worker.dtheta.data());
      if (second_order_) add_curvature(address, loss, worker, curvature_of(index));
    }
    bool finite = true;
    for (std::size_t i = 0; i < chunk.gradient.size(); ++i) {
      chunk.gradient[i] = sum_lanes(worker.dtheta.data() + i * kLanes);
      finite = finite && std::isfinite(chunk.gradient[i]);
    }
    return finite;
  }

  void add_curvature(const PhiloxAddress& address, const BlockLoss<T>& loss, Worker& worker,
                     std::span<double> curvature) {
    curvature_cotangent(loss_, task_, address, worker.block, loss, worker.weights.data());
    worker.slopes.zero();
    worker.pass.backward(worker.weights.data(), worker.slopes.data());
    const std::size_t n = network_.theta.size();
    T* slopes = worker.slopes.data();
    for (std::size_t p = 0; p < kLanes; ++p) {
      bool small = true;  // false for NaN
      for (std::size_t i = 0; i < n; ++i)
        small = small && std::abs(slopes[i * kLanes + p]) < kLargestSlope;
      for (std::size_t i = 0; !small && i < n; ++i) slopes[i * kLanes + p] = T(0);
    }
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        T product[kLanes];
        for (std::size_t p = 0; p < kLanes; ++p)
          product[p] = slopes[i * kLanes + p] * slopes[j * kLanes + p];
        curvature[i * n + j] += sum_lanes(product);
      }
    }
  }

  void stretch_guards(PromptBlock<T>& block) const {
    for (std::size_t p = 0; p < static_cast<std::size_t>(loss_.guards); ++p) {
      for (std::size_t i = p; i < block.gram.size(); i += kLanes)
        block.gram[i] *= static_cast<T>(loss_.stretch);
    }
  }

  // Replaces exploded prompts by empty ones, whose loss and gradient are exactly zero.
  static int drop_exploded(const BlockLoss<T>& loss, double exploded, PromptBlock<T>& block) {
    int dropped = 0;
    for (std::size_t p = 0; p < kLanes; ++p) {
      if (loss.squared_error[p] <= exploded) continue;  // false for NaN
      ++dropped;
      for (std::size_t i = p; i < block.gram.size(); i += kLanes) block.gram[i] = T(0);
      for (std::size_t i = p; i < block.truth.size(); i += kLanes)
        block.truth[i] = block.query[i] = T(0);
    }
    return dropped;
  }

  RegressionTask task_;
  ThreadPool& pool_;
  LossSpec loss_;              // of the current step
  bool second_order_ = false;  // the current step
  std::unique_ptr<Soap> soap_step_;
  std::unique_ptr<GaussNewton> solver_;
  std::vector<double> curvature_;  // of the batch
  std::vector<T> theta_;
  std::vector<ChunkSums> chunks_;
  std::vector<std::vector<double>>
      curvatures_;  // of the chunks: lower triangles of sum (J^T v)(J^T v)^T
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace

Status check(const RegressionTask& task, const NetworkSpec& network, const TrainSpec& train) {
  GRAMIAN_TRY(network.check());
  if (network.d != task.d()) {
    return fail(ErrorKind::config, "the model is for d = {}, the task has d = {}", network.d,
                task.d());
  }
  if (network.query_in_keys && train.loss.query == QueryMode::integrated) {
    return fail(ErrorKind::config,
                "[train.query] integrated needs [model.query_in_keys] false: with the query among "
                "the keys the "
                "prediction is not linear in it; use sampled");
  }
  if (train.steps < 0 || train.steps > 0xFFFFFFFFll) {
    return fail(ErrorKind::config, "[train.steps] must be in [0, 2^32), got {}", train.steps);
  }
  if (train.method == Method::gauss_newton && network.parameters() > kMaxGaussNewtonParameters) {
    return fail(
        ErrorKind::config,
        "[train.optimiser] gauss_newton is for at most {} parameters, this model has {}; use adam",
        kMaxGaussNewtonParameters, network.parameters());
  }
  if (train.method == Method::soap && network.kind != Parametrisation::full) {
    return fail(ErrorKind::config,
                "[train.optimiser] soap is for the matrices of [model.kind] full, got {}",
                name_of(network.kind));
  }
  if (train.batch < 1)
    return fail(ErrorKind::config, "[train.batch] must be >= 1, got {}", train.batch);
  // The whole batch's gradients and one block of activations a thread.
  const double rows = static_cast<double>(network.rows());
  const double chunks = std::ceil(static_cast<double>(train.batch) / kChunkPrompts);
  const double gradients = chunks * static_cast<double>(network.parameters()) * sizeof(double);
  const double activations =
      static_cast<double>(network.layers) * (2.0 + network.heads) * rows * rows * kLanes * 8.0;
  const double bytes =
      gradients + activations + static_cast<double>(network.parameters()) * kLanes * 8.0;
  if (bytes > 8e9) {
    return fail(
        ErrorKind::config,
        "d = {}, L = {}, H = {}, B = {} would need {:.0f} GB of memory; at most 8 GB are allowed",
        network.d, network.layers, network.heads, train.batch, bytes / 1e9);
  }
  return {};
}

std::unique_ptr<Trainer> Trainer::create(const RegressionTask& task, const Network& initial,
                                         const TrainSpec& spec, ThreadPool& pool) {
  if (spec.precision == Precision::twice)
    return std::make_unique<LaneTrainer<double>>(task, initial, spec, pool);
  return std::make_unique<LaneTrainer<float>>(task, initial, spec, pool);
}

}  // namespace gramian
