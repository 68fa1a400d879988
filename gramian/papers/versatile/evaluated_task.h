// One task on whose prompts several predictors are judged: solvers are tuned once, and asked once
// for each prompt.
//
//   EvaluatedTask task(regression, {.prompts = 20'000, .seed = 9}, pool);
//   const EvalResult result = GRAMIAN_TRY(task.with(&model));
//
// Preconditions and cost: those of tune_baselines and evaluate. Errors: those of evaluate.
#pragma once

#include "gramian/evaluation/evaluate.h"

namespace gramian::versatile {

class EvaluatedTask {
 public:
  // The pool must outlive it.
  EvaluatedTask(RegressionTask task, const EvalSpec& spec, ThreadPool& pool)
      : task_(std::move(task)),
        spec_(spec),
        pool_(pool),
        baselines_(tune_baselines(task_, task_.spec().noise, spec_, pool)) {}

  const RegressionTask& task() const { return task_; }

  // The model beside the solvers; null: the solvers alone.
  Expected<EvalResult> with(Predictor* model) {
    return evaluate(task_, baselines_, model, spec_, pool_, {}, &shared_);
  }
  // The solvers alone, where Bayes holds another prior of sigma.
  Expected<EvalResult> believing(const NoisePrior& belief) const {
    return evaluate(task_, tune_baselines(task_, belief, spec_, pool_), nullptr, spec_, pool_);
  }

 private:
  RegressionTask task_;
  EvalSpec spec_;
  ThreadPool& pool_;
  Baselines baselines_;
  SolverLosses shared_;
};

}  // namespace gramian::versatile
