#include "gramian/evaluation/evaluate.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "gramian/solvers/tune.h"

namespace gramian {
namespace {

constexpr int kChunk = 4 * kLanes;  // prompts that share one set of sums
constexpr std::uint64_t kWave =
    128;  // chunks whose sums are held at a time, between reports of progress

// Bounds of the tuning prompts: bytes of spectra, and d^3 a prompt, which is what an
// eigenproblem costs. Large d needs fewer prompts, since every prompt then averages over d.
constexpr double kTuningBytes = 1 << 30;
constexpr double kTuningWork = 1e10;

std::uint64_t tuning_prompts(const RegressionTask& task, const EvalSpec& spec) {
  const double fit = kTuningBytes / static_cast<double>(SpectrumBatch::bytes_per_prompt(task));
  const double affordable = kTuningWork / std::pow(task.d(), 3);
  return std::clamp<std::uint64_t>(spec.tuning_prompts, 1,
                                   static_cast<std::uint64_t>(std::min(fit, affordable)));
}

PhiloxAddress address_of(std::uint64_t seed, std::uint32_t stream, std::uint64_t prompt) {
  return {.seed = seed,
          .stream = stream,
          .step = static_cast<std::uint32_t>(prompt >> 32),
          .first = static_cast<std::uint32_t>(prompt)};
}

std::uint64_t chunks_for(std::uint64_t prompts) {
  return prompts / kChunk + (prompts % kChunk != 0);
}

// Calls body(block, count, first) for the blocks of chunk number `chunk`.
template <class Body>
void for_blocks(PromptSampler<double>& sampler, PromptBlock<double>& block, std::uint64_t seed,
                std::uint32_t stream, std::uint64_t chunk, std::uint64_t prompts, Body&& body) {
  const std::uint64_t end = std::min((chunk + 1) * kChunk, prompts);
  for (std::uint64_t first = chunk * kChunk; first < end; first += kLanes) {
    const int count = static_cast<int>(std::min<std::uint64_t>(kLanes, end - first));
    sampler.sample(address_of(seed, stream, first), count, block);
    body(block, count, first);
  }
}

// What one series of losses leaves behind.
struct Sums {
  RunningMean loss;
  RunningMean adjusted;

  void add(double value, double oracle) {
    loss.add(value);
    adjusted.add(value - oracle);
  }
  void merge(const Sums& other) {
    loss.merge(other.loss);
    adjusted.merge(other.adjusted);
  }
};

struct Tally {
  std::vector<Sums> solvers;  // unused where a solver is undefined
  std::vector<Sums> layers;
  RunningMean model_minus_bayes;
  RunningMean adjusted_without;
  std::uint64_t blowups = 0;

  Tally(std::size_t solver_count, std::size_t layer_count)
      : solvers(solver_count), layers(layer_count) {}

  void merge(const Tally& other) {
    for (std::size_t s = 0; s < solvers.size(); ++s) solvers[s].merge(other.solvers[s]);
    for (std::size_t l = 0; l < layers.size(); ++l) layers[l].merge(other.layers[l]);
    model_minus_bayes.merge(other.model_minus_bayes);
    adjusted_without.merge(other.adjusted_without);
    blowups += other.blowups;
  }
};

// The solvers' losses of all prompts, [prompts, solvers]: null, to be written, or known and to be
// read.
struct LossTable {
  double* losses = nullptr;
  bool known = false;
};

// The scratch memory of one thread.
class Examiner {
 public:
  Examiner(const RegressionTask& task, const Baselines& baselines, Predictor* model,
           const EvalSpec& spec, const LossTable& table, int thread)
      : task_(task),
        baselines_(baselines),
        model_(model),
        spec_(spec),
        table_(table),
        thread_(thread),
        sampler_(task),
        block_(task.d()),
        spectra_(task, kLanes),
        coordinates_(static_cast<std::size_t>(task.d())),
        weights_(model ? static_cast<std::size_t>(model->layers() * task.d() * kLanes) : 0) {}

  void run(std::uint64_t chunk, Tally& tally) {
    for_blocks(sampler_, block_, spec_.seed, kEvaluationStream, chunk, spec_.prompts,
               [&](const PromptBlock<double>& block, int count, std::uint64_t first) {
                 if (!table_.known) spectra_.fill(block, count, 0);
                 if (model_) model_->predict(block, weights_.data(), thread_);
                 for (int lane = 0; lane < count; ++lane) {
                   examine(lane, first + static_cast<std::uint64_t>(lane), tally);
                 }
               });
  }

 private:
  double solver_loss(std::size_t solver, int lane) {
    const Spectrum prompt = spectra_[static_cast<std::size_t>(lane)];
    baselines_.list[solver].solver->solve(prompt, coordinates_);
    return loss(prompt, coordinates_, spec_.query);
  }

  void examine(int lane, std::uint64_t number, Tally& tally) {
    double* const row = table_.losses ? table_.losses + number * baselines_.list.size() : nullptr;
    double oracle = 0;
    double bayes = 0;
    for (std::size_t s = 0; s < baselines_.list.size(); ++s) {
      if (!baselines_.list[s].undefined.empty()) continue;
      const double value = table_.known ? row[s] : solver_loss(s, lane);
      if (row && !table_.known) row[s] = value;
      if (s == kOracle) oracle = value;
      if (s == kBayes) bayes = value;
      tally.solvers[s].add(value, oracle);
    }
    if (!model_) return;

    double value = 0;
    for (std::size_t l = 0; l < tally.layers.size(); ++l) {
      value = model_loss(weights_.data() + l * coordinates_.size() * kLanes, lane);
      tally.layers[l].add(value, oracle);
    }
    tally.model_minus_bayes.add(value - bayes);
    if (value <= baselines_.blowup_threshold) {
      tally.adjusted_without.add(value - oracle);
    } else {
      ++tally.blowups;
    }
  }

  // weights [d, lanes]
  double model_loss(const double* weights, int lane) {
    const std::size_t d = coordinates_.size();
    const auto at = [&](std::size_t i) { return i * kLanes + static_cast<std::size_t>(lane); };
    for (std::size_t i = 0; i < d; ++i) coordinates_[i] = weights[at(i)] - block_.truth[at(i)];
    if (spec_.query == QueryMode::sampled) {
      double error = 0;
      for (std::size_t i = 0; i < d; ++i) error += coordinates_[i] * block_.query[at(i)];
      return 0.5 * error * error;
    }
    double square = 0;
    if (task_.identity_covariance()) {
      for (std::size_t i = 0; i < d; ++i) square += coordinates_[i] * coordinates_[i];
    } else {  // e^T S e = |C^T e|^2
      for (std::size_t j = 0; j < d; ++j) {
        double image = 0;
        for (std::size_t i = j; i < d; ++i) image += task_.factor()[i * d + j] * coordinates_[i];
        square += image * image;
      }
    }
    return 0.5 * square;
  }

  const RegressionTask& task_;
  const Baselines& baselines_;
  Predictor* model_;
  const EvalSpec& spec_;
  LossTable table_;
  int thread_;
  PromptSampler<double> sampler_;
  PromptBlock<double> block_;
  SpectrumBatch spectra_;
  std::vector<double> coordinates_;  // [d]
  std::vector<double> weights_;      // [L, d, lanes]
};

}  // namespace

Baselines tune_baselines(const RegressionTask& task, const NoisePrior& belief, const EvalSpec& spec,
                         ThreadPool& pool) {
  return tune_baselines(task, make_solvers(belief, task.n(), spec.gd_steps), spec, pool);
}

Baselines tune_baselines(const RegressionTask& task, std::vector<std::unique_ptr<Solver>> solvers,
                         const EvalSpec& spec, ThreadPool& pool) {
  Baselines baselines;
  baselines.tuning_prompts = tuning_prompts(task, spec);
  SpectrumBatch prompts(task, baselines.tuning_prompts);
  struct Scratch {
    PromptSampler<double> sampler;
    PromptBlock<double> block;
  };
  std::vector<Scratch> scratch;
  for (int t = 0; t < pool.threads(); ++t)
    scratch.push_back({PromptSampler<double>(task), PromptBlock<double>(task.d())});
  pool.run(static_cast<int>(chunks_for(baselines.tuning_prompts)), [&](int chunk, int thread) {
    auto& [sampler, block] = scratch[static_cast<std::size_t>(thread)];
    for_blocks(sampler, block, spec.seed, kTuningStream, static_cast<std::uint64_t>(chunk),
               baselines.tuning_prompts,
               [&](const PromptBlock<double>& drawn, int count, std::uint64_t first) {
                 prompts.fill(drawn, count, first);
               });
  });

  for (auto& solver : solvers) {
    const Status status = solver->applicable(task.n(), task.d());
    baselines.list.push_back({std::move(solver), status ? std::string{} : status.error().message});
  }
  pool.run(static_cast<int>(baselines.list.size()), [&](int s, int) {
    auto& [solver, undefined] = baselines.list[static_cast<std::size_t>(s)];
    if (undefined.empty()) solver->tune(prompts);
  });
  double zero = 0;  // E 1/2 w^T S w
  const std::vector<double> nothing(static_cast<std::size_t>(task.d()));
  for (std::size_t p = 0; p < prompts.size(); ++p)
    zero += loss(prompts[p], nothing, QueryMode::integrated);
  baselines.blowup_threshold = std::max(1000 * mean_loss(*baselines.list[kOracle].solver, prompts),
                                        zero / static_cast<double>(prompts.size()));
  return baselines;
}

SolverLosses::Entry& SolverLosses::entry(const NoisePrior& noise, const EvalSpec& spec) {
  const std::string key =
      fmt::format("{}, {} prompts of seed {}, query {}", noise.describe(), spec.prompts, spec.seed,
                  spec.query == QueryMode::sampled ? "sampled" : "integrated");
  const std::scoped_lock guard(mutex_);
  return entries_[key];
}

Expected<EvalResult> evaluate(const RegressionTask& task, const Baselines& baselines,
                              Predictor* model, const EvalSpec& spec, ThreadPool& pool,
                              const ProgressFunction& progress, SolverLosses* shared) {
  const std::size_t solver_count = baselines.list.size();
  const std::size_t layer_count = model ? static_cast<std::size_t>(model->layers()) : 0;
  SolverLosses::Entry* entry = shared ? &shared->entry(task.spec().noise, spec) : nullptr;
  std::unique_lock<std::mutex> filling;
  if (entry) filling = std::unique_lock(entry->mutex, std::try_to_lock);
  LossTable table;
  if (filling.owns_lock()) {
    if (!entry->filled) entry->losses.resize(spec.prompts * solver_count);
    table = {entry->losses.data(), entry->filled};
    if (entry->filled) filling.unlock();  // it does not change any more
  }
  std::vector<Examiner> examiners;
  for (int t = 0; t < pool.threads(); ++t)
    examiners.emplace_back(task, baselines, model, spec, table, t);

  Tally total(solver_count, layer_count);
  const std::uint64_t chunks = chunks_for(spec.prompts);
  for (std::uint64_t wave = 0; wave < chunks; wave += kWave) {
    const auto length = static_cast<std::size_t>(std::min(kWave, chunks - wave));
    std::vector<Tally> tallies(length, Tally(solver_count, layer_count));
    pool.run(static_cast<int>(length), [&](int chunk, int thread) {
      const auto index = static_cast<std::size_t>(chunk);
      examiners[static_cast<std::size_t>(thread)].run(wave + index, tallies[index]);
    });
    for (const Tally& tally : tallies)
      total.merge(tally);  // in order of chunks, whoever computed them
    const std::uint64_t done = std::min((wave + length) * kChunk, spec.prompts);
    if (progress && !progress(done, spec.prompts)) {
      return fail(ErrorKind::interrupted, "evaluation stopped after {} of {} prompts", done,
                  spec.prompts);
    }
  }
  if (filling.owns_lock()) entry->filled = true;

  EvalResult result;
  result.prompts = spec.prompts;
  result.tuning_prompts = baselines.tuning_prompts;
  result.query = spec.query;
  for (std::size_t s = 0; s < solver_count; ++s) {
    const auto& [solver, undefined] = baselines.list[s];
    result.solvers.push_back(
        {.name = solver->name(),
         .undefined = undefined,
         .constants = undefined.empty() ? solver->constants() : std::vector<Solver::Constant>{},
         .loss = total.solvers[s].loss,
         .adjusted = total.solvers[s].adjusted});
  }
  for (const auto& [layer_loss, adjusted] : total.layers) {
    result.layers.push_back({.name = "model",
                             .undefined = {},
                             .constants = {},
                             .loss = layer_loss,
                             .adjusted = adjusted});
  }
  result.model_minus_bayes = total.model_minus_bayes;
  result.blowups = {.count = total.blowups,
                    .threshold = baselines.blowup_threshold,
                    .adjusted_without = total.adjusted_without};
  return result;
}

Expected<std::vector<ProfilePoint>> profile(const RegressionTask& task, const Baselines& baselines,
                                            Predictor* model, const std::vector<double>& sigmas,
                                            const EvalSpec& spec, ThreadPool& pool,
                                            const ProgressFunction& progress,
                                            SolverLosses* shared) {
  std::vector<ProfilePoint> points;
  for (const double sigma : sigmas) {
    auto noise = GRAMIAN_TRY(NoisePrior::constant(sigma));
    const std::uint64_t before = points.size() * spec.prompts;
    const auto overall = [&](std::uint64_t done, std::uint64_t) {
      return !progress || progress(before + done, sigmas.size() * spec.prompts);
    };
    auto result = GRAMIAN_TRY(
        evaluate(task.with_noise(noise), baselines, model, spec, pool, overall, shared));
    points.push_back({sigma, std::move(result)});
  }
  return points;
}

}  // namespace gramian
