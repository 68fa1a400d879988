#include "gramian/training/transformer_trainer.h"

#include <array>
#include <cmath>

#include "gramian/tape/tape_run.h"

namespace gramian {

namespace {

template <class T>
class TapeTrainer final : public TransformerTrainer {
 public:
  TapeTrainer(const TokenTask& task, const Transformer& initial, const TrainSpec& spec,
              ThreadPool& pool)
      : TransformerTrainer(initial, spec),
        task_(task),
        recorded_(record(initial.spec).value()),
        pool_(pool),
        theta_(theta().size()),
        chunks_(static_cast<std::size_t>(chunks())) {
    for (ChunkSums& chunk : chunks_) chunk.gradient.resize(theta_.size());
    for (int t = 0; t < pool.threads(); ++t)
      workers_.push_back(std::make_unique<Worker>(task_, recorded_));
  }

  Expected<StepReport> step() override {
    for (std::size_t i = 0; i < theta_.size(); ++i) theta_[i] = static_cast<T>(theta()[i]);
    loss_ = current_loss();
    pool_.run(static_cast<int>(chunks_.size()), [this](int chunk, int thread) {
      for (double exploded : kExploded) {
        if (run_chunk(chunk, exploded, *workers_[static_cast<std::size_t>(thread)])) return;
      }
      chunks_[static_cast<std::size_t>(chunk)].give_up(count_in(chunk));
    });
    auto report = reduce(chunks_);
    if (!report) return report;
    report->learning_rate = learning_rate(spec_.optimiser, adam_.step, spec_.steps);
    adam_step(spec_.optimiser, report->learning_rate, gradient_, adam_, mutable_theta());
    return report;
  }

 private:
  struct Worker {
    Worker(const TokenTask& task, const RecordedTransformer& recorded)
        : sampler(task),
          prediction(recorded.tape.value(static_cast<std::size_t>(recorded.tape.output()))),
          run(recorded.tape),
          dtheta(recorded.tape.parameters() * kLanes),
          seed(kLanes) {
      sampler.sample({}, 0, block);  // takes its memory here, and not in a step
    }
    TokenSampler<T> sampler;
    TokenBlock<T> block;
    Value prediction;
    // Lanes that count. Biases and encodings give an empty prompt a prediction too.
    std::array<bool, kLanes> kept{};
    TapeRun<T> run;
    AlignedArray<T> dtheta;  // [parameters, lanes], summed over the blocks of a chunk
    AlignedArray<T> seed;    // [lanes] dloss / dprediction
  };

  // False if the gradient is not finite.
  bool run_chunk(int index, double exploded, Worker& worker) {
    ChunkSums& chunk = chunks_[static_cast<std::size_t>(index)];
    const int first = index * kChunkPrompts, count = count_in(index);
    worker.dtheta.zero();
    chunk.squared_error = chunk.robust_error = 0;
    chunk.dropped = 0;
    for (int b = 0; b * kLanes < count; ++b) {
      const PhiloxAddress address{.seed = spec_.seed,
                                  .stream = kTrainingStream,
                                  .step = static_cast<std::uint32_t>(adam_.step),
                                  .first = static_cast<std::uint32_t>(first + b * kLanes)};
      const int prompts = std::min(kLanes, count - b * kLanes);
      worker.sampler.sample(address, prompts, worker.block);
      for (int p = 0; p < kLanes; ++p) worker.kept[static_cast<std::size_t>(p)] = p < prompts;
      forward(worker);
      if (const int dropped = drop_exploded(exploded, worker); dropped > 0) {
        chunk.dropped += dropped;
        forward(worker);
      }
      for (std::size_t p = 0; p < kLanes; ++p) {
        const double r = residual(worker, p);
        chunk.squared_error += r * r;
        chunk.robust_error += 2 * robust_loss(r * r, loss_.robust);
        worker.seed[p] = static_cast<T>(loss_.robust > 0 ? r / (1 + r * r / loss_.robust) : r);
      }
      worker.run.backward(worker.seed.data(), worker.dtheta.data());
    }
    bool finite = true;
    for (std::size_t i = 0; i < chunk.gradient.size(); ++i) {
      chunk.gradient[i] = sum_lanes(worker.dtheta.data() + i * kLanes);
      finite = finite && std::isfinite(chunk.gradient[i]);
    }
    return finite;
  }

  void forward(Worker& worker) {
    std::copy(worker.block.tokens.begin(), worker.block.tokens.end(),
              worker.run.values(recorded_.tokens));
    worker.run.forward(theta_.data());
  }

  static double residual(Worker& worker, std::size_t p) {
    if (!worker.kept[p]) return 0;
    return static_cast<double>(worker.run.values(worker.prediction)[p]) -
           static_cast<double>(worker.block.target[p]);
  }

  // Prompts on which the network exploded become empty ones that do not count.
  static int drop_exploded(double exploded, Worker& worker) {
    int dropped = 0;
    for (std::size_t p = 0; p < kLanes; ++p) {
      const double r = residual(worker, p);
      if (r * r <= exploded) continue;  // false for NaN
      ++dropped;
      worker.kept[p] = false;
      for (std::size_t i = p; i < worker.block.tokens.size(); i += kLanes)
        worker.block.tokens[i] = T(0);
    }
    return dropped;
  }

  TokenTask task_;
  RecordedTransformer recorded_;
  ThreadPool& pool_;
  LossSpec loss_;  // of the current step
  std::vector<T> theta_;
  std::vector<ChunkSums> chunks_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace

Status check(const TokenTask& task, const TransformerSpec& transformer, const TrainSpec& train) {
  GRAMIAN_TRY(transformer.check());
  if (transformer.tokens != task.tokens() || transformer.width != task.width()) {
    return fail(ErrorKind::config,
                "the model is for {} tokens of {} numbers, the task has {} of {}",
                transformer.tokens, transformer.width, task.tokens(), task.width());
  }
  if (train.loss.guards != 0) {
    return fail(
        ErrorKind::config,
        "[train.guards] must be 0 for [model.kind] transformer: guards stretch a Gram matrix");
  }
  if (train.method != Method::adam) {
    return fail(ErrorKind::config, "[train.optimiser] must be adam for [model.kind] transformer");
  }
  if (train.batch < 1)
    return fail(ErrorKind::config, "[train.batch] must be >= 1, got {}", train.batch);
  if (train.steps < 1 || train.steps > 0xFFFFFFFFll) {
    return fail(ErrorKind::config, "[train.steps] must be in [1, 2^32), got {}", train.steps);
  }
  const auto recorded = GRAMIAN_TRY(record(transformer));
  // The whole batch's gradients, and for one thread all values with their adjoints and the gradient
  // in lanes.
  double values = 0;
  for (const Tape::Node& node : recorded.tape.nodes())
    values += node.shared() ? 0 : static_cast<double>(node.size());
  const auto parameters = static_cast<double>(recorded.tape.parameters());
  const double bytes =
      std::ceil(static_cast<double>(train.batch) / kChunkPrompts) * parameters * sizeof(double) +
      (3 * values + parameters) * kLanes * sizeof(double);
  if (bytes > 8e9) {
    return fail(ErrorKind::config,
                "{} parameters, {} tokens and B = {} would need {:.0f} GB of memory; at most 8 GB",
                recorded.tape.parameters(), transformer.tokens, train.batch, bytes / 1e9);
  }
  return {};
}

std::unique_ptr<TransformerTrainer> TransformerTrainer::create(const TokenTask& task,
                                                               const Transformer& initial,
                                                               const TrainSpec& spec,
                                                               ThreadPool& pool) {
  if (spec.precision == Precision::twice)
    return std::make_unique<TapeTrainer<double>>(task, initial, spec, pool);
  return std::make_unique<TapeTrainer<float>>(task, initial, spec, pool);
}

}  // namespace gramian
