// A network read out after each layer, beside hand-made iterations with as many steps: gradient
// descent and its relatives, each with constants that are tuned for its number of steps.
//
//   auto comparison = compare_with_hand_made(task, &model, model.layers(), spec, pool);
//   fmt::print("{}", to_table(*comparison));    // evaluation/table.h
//
// All are compared on the same prompts, and tuned on other prompts. The iterations are those of
// make_step_solvers.
#pragma once

#include <optional>
#include <vector>

#include "gramian/evaluation/evaluate.h"

namespace gramian {

struct StepScores {
  int steps = 0;
  std::vector<Score> hand_made;  // in the order of make_step_solvers
  std::optional<Score> model =
      {};  // read out after layer `steps`; nothing without a model of so many
  // The iteration with the least adjusted loss. Requires: there is one (asserted).
  const Score& best_hand_made() const;
};

struct HandMadeComparison {
  std::uint64_t prompts = 0;
  std::uint64_t tuning_prompts = 0;
  std::vector<Score> references;  // what has no steps: oracle, constrr, adarr, tunedrr, bayes, ols
  std::vector<StepScores> rows;   // steps 1, 2, ..
};

// Rows for 1 to `steps` steps. `model` may be null; spec.gd_steps is not used. The same to the bit
// for any number of threads. Requires: steps >= 1 (asserted). Errors: interrupted, by `progress`
// (which is not called during the tuning). Cost: the tuning takes most of the time, some 25 s of
// one core for 100,000 tuning prompts, seven steps and d = 10.
Expected<HandMadeComparison> compare_with_hand_made(const RegressionTask& task, Predictor* model,
                                                    int steps, const EvalSpec& spec,
                                                    ThreadPool& pool,
                                                    const ProgressFunction& progress = {});

}  // namespace gramian
