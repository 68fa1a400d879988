// Learned against hand-made: a network read out after each layer beside iterations with as many
// steps, tuned.
//
//   auto comparison = compare_with_hand_made(task, &model, model.layers(), spec, pool);
//   fmt::print("{}", to_table(*comparison));    // evaluation/table.h
//
// All on the same prompts. The hand-made iterations are those of make_step_solvers; each number of
// steps has constants of its own, tuned on other prompts.
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
  const Score& best_hand_made() const;  // of the least adjusted loss
};

struct HandMadeComparison {
  std::uint64_t prompts = 0;
  std::uint64_t tuning_prompts = 0;
  std::vector<Score> references;  // what has no steps: oracle, constrr, adarr, tunedrr, bayes, ols
  std::vector<StepScores> rows;   // steps 1, 2, ..
};

// `steps` >= 1 rows; `model` may be null. spec.gd_steps is not used. The same to the bit for any
// number of threads. Tuning takes most of the time, some 25 s of one core for 100,000 tuning
// prompts, seven steps and d = 10. Errors: interrupted (seen after the tuning).
Expected<HandMadeComparison> compare_with_hand_made(const RegressionTask& task, Predictor* model,
                                                    int steps, const EvalSpec& spec,
                                                    ThreadPool& pool,
                                                    const ProgressFunction& progress = {});

}  // namespace gramian
