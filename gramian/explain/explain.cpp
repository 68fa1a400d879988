#include "gramian/explain/explain.h"

#include <algorithm>
#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/evaluation/network_predictor.h"
#include "gramian/solvers/bayes.h"
#include "gramian/solvers/ridge.h"

namespace gramian {

namespace {

constexpr std::uint64_t kTuningPrompts = 10'000;
constexpr int kLevels = 5;

// The solvers from the oracle to Bayes, which is all that the explanation quotes.
std::vector<std::unique_ptr<Solver>> reference_solvers(const RegressionTask& task) {
  auto solvers = make_solvers(task.spec().noise, task.n(), 1);
  solvers.resize(kBayes + 1);
  return solvers;
}

}  // namespace

std::vector<double> noise_levels(const NoisePrior& prior) {
  std::vector<double> levels;
  for (const NoisePrior::Component& c : prior.components()) {
    const int count = c.low < c.high ? kLevels : 1;
    for (int i = 0; i < count; ++i)
      levels.push_back(c.low + (c.high - c.low) * i / std::max(1, count - 1));
  }
  std::ranges::sort(levels);
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  return levels;
}

namespace {

// Reports the stages of an explanation, of which each is one unit of progress.
class Stages {
 public:
  explicit Stages(const ProgressFunction& progress) : progress_(progress) {}

  // Errors: interrupted.
  Status next() {
    if (go_on(begun_++)) return {};
    return fail(ErrorKind::interrupted, "interrupted; nothing is written");
  }
  // To be asked within a stage, whose own progress is not shown.
  ProgressFunction within() {
    return [this](std::uint64_t, std::uint64_t) { return go_on(begun_ - 1); };
  }

 private:
  bool go_on(std::uint64_t done) const { return !progress_ || progress_(done, kExplanationStages); }
  const ProgressFunction& progress_;
  std::uint64_t begun_ = 0;
};

Status check_explainable(const Network& network) {
  if (network.spec.query_in_keys) {
    return fail(ErrorKind::config,
                "[model.query_in_keys] is true: with the query among the keys the prediction is "
                "not linear in it, and "
                "there are no implicit weights to explain");
  }
  if (!std::ranges::all_of(network.theta, [](double t) { return std::isfinite(t); })) {
    return fail(ErrorKind::numeric, "the network has weights that are not finite numbers");
  }
  return {};
}

}  // namespace

Expected<Explanation> explain(const RegressionTask& task, const Network& network,
                              const TrainSpec& trained, const ExplainOptions& options,
                              ThreadPool& pool, const ProgressFunction& progress) {
  const NetworkSpec& spec = network.spec;
  GRAMIAN_ASSERT(spec.d == task.d());
  GRAMIAN_ASSERT(options.start.empty() || options.start.size() == network.theta.size());
  GRAMIAN_TRY(check_explainable(network));
  if (spec.is_written_out()) {  // the same function with dense layers
    ExplainOptions same = options;
    if (!same.start.empty()) same.start = Network{spec, same.start}.as_full().theta;
    return explain(task, network.as_full(), trained, same, pool, progress);
  }
  Stages stages(progress);
  Explanation e{.network = spec,
                .n = task.n(),
                .noise = task.spec().noise.describe(),
                .sigmas = options.sigmas.empty() ? noise_levels(task.spec().noise) : options.sigmas,
                .eval_prompts = options.eval_prompts,
                .retraining = {.steps = options.retrain_steps, .starts = options.retrain_starts}};
  for (int l = 0; l < spec.layers; ++l) e.layers.push_back(summarise_layer(network, l, task.n()));

  GRAMIAN_TRY(stages.next());
  EvalSpec eval{
      .prompts = options.eval_prompts, .seed = options.seed, .tuning_prompts = kTuningPrompts};
  const Baselines baselines = tune_baselines(task, reference_solvers(task), eval, pool);
  NetworkPredictor predictor(network, task.n(), pool.threads());
  const auto result =
      GRAMIAN_TRY(evaluate(task, baselines, &predictor, eval, pool, stages.within()));
  for (const Score& layer : result.layers) e.adjusted.push_back(layer.adjusted);
  e.bayes = result.solvers[kBayes].adjusted;
  e.model_minus_bayes = result.model_minus_bayes;

  GRAMIAN_TRY(stages.next());
  e.readings = read_layers(task, network, e.sigmas, options.reading_prompts, options.seed);
  GRAMIAN_TRY(stages.next());
  e.noise_probe = read_noise(task, network, options.probe_prompts, options.seed);

  GRAMIAN_TRY(stages.next());
  const int steps = options.algorithm_steps > 0 ? options.algorithm_steps : spec.layers + 2;
  e.similarity = compare_layers(task, network, steps, options.similarity_prompts,
                                baselines.blowup_threshold, options.seed, pool);

  GRAMIAN_TRY(stages.next());
  auto ablations =
      GRAMIAN_TRY(ablate(task, network, trained, e.retraining, eval, pool, stages.within()));
  e.ablations = std::move(ablations);

  GRAMIAN_TRY(stages.next());
  e.changes =
      GRAMIAN_TRY(examine_changes(gram_system(task, network, trained, options.start, eval, pool),
                                  {.retrain_steps = options.retrain_steps}, stages.within()));

  GRAMIAN_TRY(stages.next());
  auto stability =
      GRAMIAN_TRY(examine_stability(task, network, baselines.blowup_threshold,
                                    options.blowup_prompts, options.seed, pool, stages.within()));
  e.stability = std::move(stability);
  return e;
}

}  // namespace gramian
