#include "gramian/evaluation/evaluate.h"

#include <algorithm>

#include <fmt/format.h>

#include "gramian/evaluation/network_predictor.h"
#include "gramian/solvers/ridge.h"
#include "gramian/training/loss.h"

namespace gramian {
namespace {

constexpr std::uint64_t kScoreChunk = 4 * kLanes;
constexpr std::uint64_t kScoreWave = 128;

// What one series of losses leaves behind.
struct LossSums {
  RunningMean loss;
  RunningMean adjusted;

  void add(double value, double oracle) {
    loss.add(value);
    adjusted.add(value - oracle);
  }
  void merge(const LossSums& more) {
    loss.merge(more.loss);
    adjusted.merge(more.adjusted);
  }
};

struct Tally {
  std::vector<LossSums> solvers;  // unused where a solver is undefined
  std::vector<LossSums> layers;
  RunningMean model_minus_bayes;
  RunningMean adjusted_without;
  std::uint64_t blowups = 0;
  RunningCovariance joint;  // of no numbers if not asked for

  Tally(std::size_t solver_count, std::size_t layer_count, std::size_t joint_count)
      : solvers(solver_count), layers(layer_count), joint(joint_count) {}

  void merge(const Tally& more) {
    for (std::size_t s = 0; s < solvers.size(); ++s) solvers[s].merge(more.solvers[s]);
    for (std::size_t l = 0; l < layers.size(); ++l) layers[l].merge(more.layers[l]);
    model_minus_bayes.merge(more.model_minus_bayes);
    adjusted_without.merge(more.adjusted_without);
    blowups += more.blowups;
    joint.merge(more.joint);
  }
};

// What varies together, if that is asked for.
std::vector<std::string> joint_names(const Baselines& baselines, const Predictor* model,
                                     const EvalSpec& spec) {
  std::vector<std::string> names;
  if (!spec.covariances) return names;
  for (std::size_t s = 0; s < baselines.list.size(); ++s) {
    if (s != kOracle && baselines.list[s].undefined.empty())
      names.push_back(baselines.list[s].solver->name());
  }
  if (model) names.emplace_back("model");
  return names;
}

// Sums of no prompt.
Tally empty_tally(const Baselines& baselines, const Predictor* model, const EvalSpec& spec) {
  return Tally(baselines.list.size(), model ? static_cast<std::size_t>(model->layers()) : 0,
               joint_names(baselines, model, spec).size());
}

// The solvers' losses of all prompts, [prompts, solvers]: null, to be written, or known and to be
// read.
struct LossTable {
  double* losses = nullptr;
  bool known = false;
};

// An entry of the shared losses for the time of one evaluation. Another evaluation that fills the
// same entry at this time keeps it for itself; this one then works without.
class SharedLosses {
 public:
  SharedLosses(SolverLosses* shared, const RegressionTask& task, const EvalSpec& spec,
               std::size_t solvers) {
    if (shared == nullptr) return;
    entry_ = &shared->entry(task.spec().noise, spec);
    filling_ = std::unique_lock(entry_->mutex, std::try_to_lock);
    if (!filling_.owns_lock()) return;
    if (!entry_->filled) entry_->losses.resize(spec.prompts * solvers);
    table_ = {entry_->losses.data(), entry_->filled};
    if (entry_->filled) filling_.unlock();  // it does not change any more
  }

  const LossTable& table() const { return table_; }

  // All losses have been written.
  void finish() {
    if (filling_.owns_lock()) entry_->filled = true;
  }

 private:
  SolverLosses::Entry* entry_ = nullptr;
  std::unique_lock<std::mutex> filling_;
  LossTable table_;
};

// The losses of all solvers and of the model after each layer.
class ScoreMeasure {
 public:
  using Sums = Tally;

  ScoreMeasure(const RegressionTask& task, const Baselines& baselines, Predictor* model,
               const EvalSpec& spec, const LossTable& table, int thread)
      : task_(task),
        baselines_(baselines),
        model_(model),
        query_(spec.query),
        covariances_(spec.covariances),
        table_(table),
        thread_(thread),
        sampler_(task),
        block_(task.d()),
        spectra_(task, kLanes),
        coordinates_(static_cast<std::size_t>(task.d())),
        weights_(model ? static_cast<std::size_t>(model->layers()) * block_.truth.size() : 0) {}

  void add(const SeriesBlock& block, Tally& tally) {
    sampler_.sample(block.address, block.count, block_);
    if (!table_.known) spectra_.fill(block_, block.count, 0);
    if (model_) model_->predict(block_, weights_.data(), thread_);
    for (std::size_t lane = 0; lane < static_cast<std::size_t>(block.count); ++lane)
      add_prompt(lane, block.first + lane, tally);
  }

 private:
  double solver_loss(std::size_t solver, std::size_t lane) {
    const Spectrum prompt = spectra_[lane];
    baselines_.list[solver].solver->solve(prompt, coordinates_);
    return loss(prompt, coordinates_, query_);
  }

  void add_prompt(std::size_t lane, std::uint64_t number, Tally& tally) {
    double* const row = table_.losses ? table_.losses + number * baselines_.list.size() : nullptr;
    double oracle = 0;
    double bayes = 0;
    together_.clear();
    for (std::size_t s = 0; s < baselines_.list.size(); ++s) {
      if (!baselines_.list[s].undefined.empty()) continue;
      const double value = table_.known ? row[s] : solver_loss(s, lane);
      if (row && !table_.known) row[s] = value;
      if (s == kOracle) oracle = value;
      if (s == kBayes) bayes = value;
      if (covariances_ && s != kOracle) together_.push_back(value - oracle);
      tally.solvers[s].add(value, oracle);
    }
    if (model_) add_model(lane, oracle, bayes, tally);
    if (covariances_) tally.joint.add(together_);
  }

  void add_model(std::size_t lane, double oracle, double bayes, Tally& tally) {
    double value = 0;
    for (std::size_t l = 0; l < tally.layers.size(); ++l) {
      const double* const weights = weights_.data() + l * block_.truth.size();
      value = implicit_loss(task_, query_, block_, weights, lane);
      tally.layers[l].add(value, oracle);
    }
    if (covariances_) together_.push_back(value - oracle);
    tally.model_minus_bayes.add(value - bayes);
    if (value <= baselines_.blowup_threshold) {
      tally.adjusted_without.add(value - oracle);
    } else {
      ++tally.blowups;
    }
  }

  const RegressionTask& task_;
  const Baselines& baselines_;
  Predictor* model_;
  QueryMode query_;
  bool covariances_;
  LossTable table_;
  int thread_;
  PromptSampler<double> sampler_;
  PromptBlock<double> block_;
  SpectrumBatch spectra_;
  std::vector<double> coordinates_;  // [d]
  std::vector<double> weights_;      // [L, d, lanes]
  std::vector<double> together_;     // adjusted losses on one prompt, in the order of joint_names
};

EvalResult result_of(const Tally& total, const Baselines& baselines, const Predictor* model,
                     const EvalSpec& spec) {
  EvalResult result;
  result.prompts = spec.prompts;
  result.tuning_prompts = baselines.tuning_prompts;
  result.query = spec.query;
  for (std::size_t s = 0; s < baselines.list.size(); ++s) {
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
  result.joint = {joint_names(baselines, model, spec), total.joint};
  return result;
}

}  // namespace

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
  GRAMIAN_ASSERT(!baselines.list.empty() && spec.prompts >= 1);
  GRAMIAN_ASSERT(spec.first % kLanes == 0 && (spec.first == 0 || shared == nullptr));
  SharedLosses losses(shared, task, spec, baselines.list.size());
  std::vector<ScoreMeasure> measures;
  for (int t = 0; t < pool.threads(); ++t)
    measures.emplace_back(task, baselines, model, spec, losses.table(), t);
  const MeasurePlan plan{.prompts = {.seed = spec.seed, .first = spec.first, .count = spec.prompts},
                         .chunk = kScoreChunk,
                         .wave = kScoreWave,
                         .name = "evaluation"};
  const Tally total = GRAMIAN_TRY(
      run_measures(plan, measures, empty_tally(baselines, model, spec), pool, progress));
  losses.finish();
  return result_of(total, baselines, model, spec);
}

Expected<std::vector<RunningMean>> adjusted_losses(const RegressionTask& task,
                                                   const Network& network, const EvalSpec& spec,
                                                   ThreadPool& pool,
                                                   const ProgressFunction& progress) {
  Baselines baselines;
  baselines.list.push_back({std::make_unique<OracleRidge>(), {}});
  baselines.blowup_threshold = INFINITY;
  NetworkPredictor predictor(network, task.n(), pool.threads());
  const auto result = GRAMIAN_TRY(evaluate(task, baselines, &predictor, spec, pool, progress));
  std::vector<RunningMean> losses;
  for (const Score& layer : result.layers) losses.push_back(layer.adjusted);
  return losses;
}

EvalResult empty_result(const Baselines& baselines, const Predictor* model, const EvalSpec& spec) {
  EvalSpec none = spec;
  none.prompts = 0;
  return result_of(empty_tally(baselines, model, none), baselines, model, none);
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
