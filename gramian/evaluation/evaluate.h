// A model beside every classical solver, on the same fresh prompts.
//
//   const Baselines baselines = tune_baselines(task, task.spec().noise, spec, pool);
//   auto result = evaluate(task, baselines, &model, spec, pool);
//
// A loss is half a squared error, 1/2 r^2 (training/loss.h). The *adjusted* loss of a predictor is
// its loss minus that of the oracle (ridge regression with the true sigma) on the same prompt; its
// standard error is that of the difference, far smaller than the error of either loss.
//
// Results are the same to the bit for any number of threads.
//
// Letters: d input dimension, L layers.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/evaluation/baselines.h"
#include "gramian/evaluation/measure.h"
#include "gramian/evaluation/predictor.h"
#include "gramian/evaluation/statistics.h"
#include "gramian/models/network.h"

namespace gramian {

struct Score {
  std::string name;
  std::string undefined;  // the reason, if the solver is not defined; then no counts
  std::vector<Solver::Constant> constants;  // as tuned
  RunningMean loss;
  RunningMean adjusted;
};

struct BlowUps {
  std::uint64_t count = 0;
  double threshold = 0;
  RunningMean adjusted_without;  // the model's adjusted loss on the other prompts
};

// How adjusted losses vary together, prompt by prompt.
struct JointLosses {
  std::vector<std::string> names;  // the solvers that are defined, without the oracle, "model" last
  RunningCovariance adjusted;      // of as many numbers
};

struct EvalResult {
  std::uint64_t prompts = 0;
  std::uint64_t tuning_prompts = 0;
  QueryMode query = QueryMode::integrated;
  std::vector<Score> solvers;     // in the order of make_solvers
  std::vector<Score> layers;      // the model read out after layer 1..L; empty without a model
  RunningMean model_minus_bayes;  // paired; no model may be below zero beyond its error
  BlowUps blowups;
  JointLosses joint;  // empty if not asked for

  bool has_model() const { return !layers.empty(); }
  // Requires: has_model() (asserted).
  const Score& model() const {
    GRAMIAN_ASSERT(has_model());
    return layers.back();
  }
};

struct ProfilePoint {
  double sigma;
  EvalResult result;
};

// What the solvers lose does not depend on the model and costs several times as much: evaluations
// on the same prompts can share it, to the same bits. One for each task and its baselines; for any
// number of threads. Holds eight bytes for each prompt and solver.
class SolverLosses {
 public:
  struct Entry {
    std::mutex mutex;            // held while an evaluation fills it; others then do without
    bool filled = false;         // whether all losses are there; from then on they do not change
    std::vector<double> losses;  // [prompts, solvers]; undefined solvers are left at zero
  };
  // Of these prompts; they are the same for the same noise and spec.
  Entry& entry(const NoisePrior& noise, const EvalSpec& spec);

 private:
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

// `model` may be null. The task may differ from that of the baselines in its noise alone. With
// `shared`, solvers are asked only once for each prompt. Requires: baselines that begin as those of
// make_solvers (asserted: not empty), spec.prompts >= 1 (asserted). Errors: interrupted, by
// `progress`. Memory does not grow with the number of prompts, but for `shared`, with which
// spec.first must be 0 (asserted).
Expected<EvalResult> evaluate(const RegressionTask& task, const Baselines& baselines,
                              Predictor* model, const EvalSpec& spec, ThreadPool& pool,
                              const ProgressFunction& progress = {},
                              SolverLosses* shared = nullptr);

// The adjusted loss of a network after each layer, without other solvers than the oracle. Errors:
// interrupted, by `progress`.
Expected<std::vector<RunningMean>> adjusted_losses(const RegressionTask& task,
                                                   const Network& network, const EvalSpec& spec,
                                                   ThreadPool& pool,
                                                   const ProgressFunction& progress = {});

// The result of no prompts, which the results of others can be added to (accumulate.h).
EvalResult empty_result(const Baselines& baselines, const Predictor* model, const EvalSpec& spec);

// evaluate() at each of a list of constant sigmas (Figs. 2, 3 and 7): constants and the belief
// of Bayes stay those of `baselines`, and all points share the prompts but for the noise level.
// Errors: also config, for a sigma that is not >= 0.
Expected<std::vector<ProfilePoint>> profile(const RegressionTask& task, const Baselines& baselines,
                                            Predictor* model, const std::vector<double>& sigmas,
                                            const EvalSpec& spec, ThreadPool& pool,
                                            const ProgressFunction& progress = {},
                                            SolverLosses* shared = nullptr);

}  // namespace gramian
