#include "gramian/evaluation/hand_made.h"

#include <algorithm>

namespace gramian {

const Score& StepScores::best_hand_made() const {
  GRAMIAN_ASSERT(!hand_made.empty());
  return *std::ranges::min_element(hand_made, {},
                                   [](const Score& score) { return score.adjusted.mean(); });
}

Expected<HandMadeComparison> compare_with_hand_made(const RegressionTask& task, Predictor* model,
                                                    int steps, const EvalSpec& spec,
                                                    ThreadPool& pool,
                                                    const ProgressFunction& progress) {
  GRAMIAN_ASSERT(steps >= 1);
  std::vector<std::unique_ptr<Solver>> solvers = make_solvers(task.spec().noise, task.n(), 1);
  solvers.resize(kOls + 1);
  for (int k = 1; k <= steps; ++k) {
    for (auto& solver : make_step_solvers(k)) solvers.push_back(std::move(solver));
  }
  const Baselines baselines = tune_baselines(task, std::move(solvers), spec, pool);
  auto result = GRAMIAN_TRY(evaluate(task, baselines, model, spec, pool, progress));

  HandMadeComparison comparison{.prompts = result.prompts,
                                .tuning_prompts = result.tuning_prompts,
                                .references = {},
                                .rows = {}};
  const auto first_step = result.solvers.begin() + kOls + 1;
  comparison.references.assign(result.solvers.begin(), first_step);
  const auto each = (result.solvers.end() - first_step) / steps;
  for (int k = 0; k < steps; ++k) {
    StepScores& row = comparison.rows.emplace_back();
    row.steps = k + 1;
    row.hand_made.assign(first_step + k * each, first_step + (k + 1) * each);
    if (static_cast<std::size_t>(k) < result.layers.size())
      row.model = result.layers[static_cast<std::size_t>(k)];
  }
  return comparison;
}

}  // namespace gramian
