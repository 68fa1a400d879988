// The classical solvers that a model is set beside, with their constants tuned for one task.
//
// The constants of each solver (a ridge, a step size) minimise its mean loss on tuning prompts,
// which are no prompts of an evaluation. *Oracle* is ridge regression that is told the true sigma
// of each prompt. A *blow-up* is a prompt on which a model's loss is not <= 1000 times the mean
// loss of the oracle, or the mean loss of predicting zero where that is larger.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gramian/evaluation/eval_spec.h"
#include "gramian/parallel/pool.h"
#include "gramian/solvers/solver.h"
#include "gramian/tasks/task.h"

namespace gramian {

struct Baselines {
  struct Baseline {
    std::unique_ptr<Solver> solver;
    std::string undefined;  // why it is not defined for this n and d; empty if it is
  };
  std::vector<Baseline> list;        // in the order of make_solvers
  std::uint64_t tuning_prompts = 0;  // that were used
  double blowup_threshold = 0;
};

// The solvers of make_solvers. `belief` is the prior of sigma that Bayes integrates over: the
// task's own, or another to measure what a wrong prior costs. The same to the bit for any number of
// threads. Cost: spec.tuning_prompts eigenproblems of size d, fewer prompts where d is large.
Baselines tune_baselines(const RegressionTask& task, const NoisePrior& belief, const EvalSpec& spec,
                         ThreadPool& pool);

// The same for any list of solvers. Requires: its first is the oracle, and those up to kBayes are
// in the order of make_solvers.
Baselines tune_baselines(const RegressionTask& task, std::vector<std::unique_ptr<Solver>> solvers,
                         const EvalSpec& spec, ThreadPool& pool);

}  // namespace gramian
