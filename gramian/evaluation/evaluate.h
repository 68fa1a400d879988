// A model beside every classical solver, on the same fresh prompts.
//
//   const Baselines baselines = tune_baselines(task, task.spec().noise, spec, pool);
//   auto result = evaluate(task, baselines, &model, spec, pool);
//
// Losses carry the factor 1/2 of the paper. The *adjusted* loss of a predictor is its
// loss minus that of the oracle (ridge with the true sigma) on the same prompt; its
// standard error is that of the difference, far smaller than the error of either loss.
//
// Letters: d input dimension, L layers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/evaluation/statistics.h"
#include "gramian/parallel/pool.h"
#include "gramian/solvers/solver.h"
#include "gramian/tasks/query.h"
#include "gramian/tasks/task.h"

namespace gramian {

// A trained model, seen from here: anything that ends in implicit weights.
class Predictor {
 public:
  virtual ~Predictor() = default;
  virtual int layers() const = 0;  // L >= 1
  // Writes the implicit weights w^l after each layer (prediction = <w^l, x_t>) to
  // weights [L, d, lanes]. Runs on several threads at once; `thread` is in
  // [0, threads) of the pool and tells which scratch memory to use.
  virtual void predict(const PromptBlock<double>& prompts, double* weights, int thread) = 0;
};

struct EvalSpec {
  std::uint64_t prompts = 100'000;  // >= 1
  std::uint64_t seed = 1;
  QueryMode query = QueryMode::integrated;
  std::uint64_t tuning_prompts = 100'000;  // >= 1; fewer are drawn where d is large
  int gd_steps = 10;                       // >= 1
};

// The solvers, tuned for one task.
struct Baselines {
  struct Baseline {
    std::unique_ptr<Solver> solver;
    std::string undefined;  // why it is not defined for this n and d; empty if it is
  };
  std::vector<Baseline> list;        // in the order of make_solvers
  std::uint64_t tuning_prompts = 0;  // that were used
  // A loss that is not <= this counts as a blow-up: the larger of 1000 times the mean
  // loss of the oracle and the mean loss of predicting zero.
  double blowup_threshold = 0;
};

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

struct EvalResult {
  std::uint64_t prompts = 0;
  std::uint64_t tuning_prompts = 0;
  QueryMode query = QueryMode::integrated;
  std::vector<Score> solvers;     // in the order of make_solvers
  std::vector<Score> layers;      // the model read out after layer 1..L; empty without a model
  RunningMean model_minus_bayes;  // paired; no model may be below zero beyond its error
  BlowUps blowups;

  bool has_model() const { return !layers.empty(); }
  const Score& model() const { return layers.back(); }
};

struct ProfilePoint {
  double sigma;
  EvalResult result;
};

// What the solvers lose does not depend on the model and costs several times as much: models that
// are evaluated on the same prompts can share it, to the same bits. One for each task and its
// baselines; for any number of threads. Holds eight bytes for each prompt and solver.
class SolverLosses {
 public:
  struct Entry {
    std::mutex mutex;            // held while an evaluation fills it; others then do without
    bool filled = false;         // for good
    std::vector<double> losses;  // [prompts, solvers]; undefined solvers are left at zero
  };
  // Of these prompts; they are the same for the same noise and spec.
  Entry& entry(const NoisePrior& noise, const EvalSpec& spec);

 private:
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

// Called between batches with prompts done and in all; false stops the work, which
// then fails with ErrorKind::interrupted.
using ProgressFunction = std::function<bool(std::uint64_t done, std::uint64_t total)>;

// `belief` is the prior of sigma that Bayes integrates over: the task's own, unless the
// question is what a wrong belief costs.
Baselines tune_baselines(const RegressionTask& task, const NoisePrior& belief, const EvalSpec& spec,
                         ThreadPool& pool);

// The same for a list of solvers that begins like that of make_solvers, up to Bayes.
Baselines tune_baselines(const RegressionTask& task, std::vector<std::unique_ptr<Solver>> solvers,
                         const EvalSpec& spec, ThreadPool& pool);

// Memory does not grow with the number of prompts, and the result is the same to the bit
// for any number of threads. `model` may be null. The task may differ from that of the
// baselines in its noise alone. With `shared` solvers are asked only once for each prompt.
Expected<EvalResult> evaluate(const RegressionTask& task, const Baselines& baselines,
                              Predictor* model, const EvalSpec& spec, ThreadPool& pool,
                              const ProgressFunction& progress = {},
                              SolverLosses* shared = nullptr);

// The same at each of a list of constant sigmas (Figs. 2, 3 and 7): constants and the belief
// of Bayes stay those of `baselines`, and all points share the prompts but for the noise level.
Expected<std::vector<ProfilePoint>> profile(const RegressionTask& task, const Baselines& baselines,
                                            Predictor* model, const std::vector<double>& sigmas,
                                            const EvalSpec& spec, ThreadPool& pool,
                                            const ProgressFunction& progress = {},
                                            SolverLosses* shared = nullptr);

}  // namespace gramian
