#include "gramian/evaluation/baselines.h"

#include <algorithm>
#include <cmath>

#include "gramian/evaluation/measure.h"
#include "gramian/solvers/tune.h"

namespace gramian {

namespace {

// Bounds of the tuning prompts: bytes of spectra, and d^3 a prompt, which is what an
// eigenproblem costs. Large d needs fewer prompts, since every prompt then averages over d.
constexpr double kTuningBytes = 1 << 30;
constexpr double kTuningWork = 1e10;
constexpr std::uint64_t kTuningChunk = 4 * kLanes;

std::uint64_t tuning_prompts(const RegressionTask& task, const EvalSpec& spec) {
  const double fit = kTuningBytes / static_cast<double>(SpectrumBatch::bytes_per_prompt(task));
  const double affordable = kTuningWork / std::pow(task.d(), 3);
  return std::clamp<std::uint64_t>(spec.tuning_prompts, 1,
                                   static_cast<std::uint64_t>(std::min(fit, affordable)));
}

// Keeps the spectra of all prompts.
class SpectrumMeasure {
 public:
  using Sums = NoSums;
  SpectrumMeasure(const RegressionTask& task, SpectrumBatch& spectra)
      : sampler_(task), block_(task.d()), spectra_(&spectra) {}

  void add(const SeriesBlock& block, NoSums&) {
    sampler_.sample(block.address, block.count, block_);
    spectra_->fill(block_, block.count, block.first);
  }

 private:
  PromptSampler<double> sampler_;
  PromptBlock<double> block_;
  SpectrumBatch* spectra_;
};

SpectrumBatch draw_spectra(const RegressionTask& task, std::uint64_t seed, std::uint64_t prompts,
                           ThreadPool& pool) {
  SpectrumBatch spectra(task, prompts);
  std::vector<SpectrumMeasure> measures;
  for (int t = 0; t < pool.threads(); ++t) measures.emplace_back(task, spectra);
  run_measures(
      {.prompts = {.seed = seed, .stream = kTuningStream, .count = prompts}, .chunk = kTuningChunk},
      measures, {}, pool);
  return spectra;
}

// 1000 times the mean loss of the oracle, and where there is little noise or none ten times that of
// predicting zero, which a network of one layer reaches on no prompt.
double blowup_threshold(const SpectrumBatch& prompts, int d, const Solver& oracle) {
  constexpr double kTimesOracle = 1000, kTimesZero = 10;
  const std::vector<double> nothing(static_cast<std::size_t>(d));
  double zero = 0;  // E 1/2 w^T S w
  for (std::size_t p = 0; p < prompts.size(); ++p)
    zero += loss(prompts[p], nothing, QueryMode::integrated);
  return std::max(kTimesOracle * mean_loss(oracle, prompts),
                  kTimesZero * zero / static_cast<double>(prompts.size()));
}

}  // namespace

Baselines tune_baselines(const RegressionTask& task, const NoisePrior& belief, const EvalSpec& spec,
                         ThreadPool& pool) {
  return tune_baselines(task, make_solvers(belief, task.n(), spec.gd_steps), spec, pool);
}

Baselines tune_baselines(const RegressionTask& task, std::vector<std::unique_ptr<Solver>> solvers,
                         const EvalSpec& spec, ThreadPool& pool) {
  GRAMIAN_ASSERT(!solvers.empty() && spec.tuning_prompts >= 1);
  Baselines baselines;
  baselines.tuning_prompts = tuning_prompts(task, spec);
  const SpectrumBatch prompts = draw_spectra(task, spec.seed, baselines.tuning_prompts, pool);
  for (auto& solver : solvers) {
    const Status status = solver->applicable(task.n(), task.d());
    baselines.list.push_back({std::move(solver), status ? std::string{} : status.error().message});
  }
  pool.run(static_cast<int>(baselines.list.size()), [&](int s, int) {
    auto& [solver, undefined] = baselines.list[static_cast<std::size_t>(s)];
    if (undefined.empty()) solver->tune(prompts);
  });
  baselines.blowup_threshold = blowup_threshold(prompts, task.d(), *baselines.list[kOracle].solver);
  return baselines;
}

}  // namespace gramian
