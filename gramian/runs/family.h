// What training, evaluation and studies need of a system, whatever it is.
//
// A *family* is a task, a network and a way to train and to examine it: linear transformers, which
// work on Gram matrices (gram_family.h), transformers on tokens (transformer_family.h), and
// networks on graphs (graph_family.h). The
// registry is families() in families.cpp; a new family is one line there. Nothing outside of a
// family's own files asks which one it deals with.
//
//   const auto experiment = GRAMIAN_TRY(make_experiment(config));
//   auto loop = GRAMIAN_TRY(experiment->begin(pool, train_first));
//   .. loop->step() ..
//   GRAMIAN_TRY(experiment->model(loop->theta())->save(path));
//   const auto model = GRAMIAN_TRY(experiment->load(path));
//   const auto table = GRAMIAN_TRY(experiment->evaluate(*model, pool, progress));
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/evaluation/evaluate.h"
#include "gramian/io/config.h"
#include "gramian/models/network.h"
#include "gramian/models/weight_matrix.h"
#include "gramian/parallel/pool.h"
#include "gramian/runs/keys.h"
#include "gramian/training/loop.h"

namespace gramian {

struct Family;
struct GramExperiment;

// A network with weights.
class Model {
 public:
  virtual ~Model() = default;
  // model.safetensors: says what it is in its metadata, of which "family" is read by load_any.
  // Errors: io.
  virtual Status save(const std::string& path) const = 0;
  virtual std::span<const double> weights() const = 0;     // as they are trained
  virtual std::vector<WeightMatrix> matrices() const = 0;  // of the weights; may be none
  // Null where it is no network on Gram matrices.
  virtual const Network* gram() const { return nullptr; }
};

// The result of gramian eval.
struct EvaluationReport {
  std::string table;  // for the terminal
  std::string json;   // eval.json
};
// Told about each stage ("evaluate", ..) how many of how many prompts are done; false stops with
// an error of kind interrupted.
using StageProgress =
    std::function<bool(std::string_view stage, std::uint64_t done, std::uint64_t total)>;

inline constexpr std::uint64_t kEvaluationSeed = 1;  // of the prompts of most studies

// How a study examines a model. Counts are of prompts; 0 leaves a part out.
struct Examination {
  std::uint64_t seed = kEvaluationSeed;    // of all prompts but those for tuning
  std::uint64_t prompts = 0;               // for the loss
  std::uint64_t single_query_prompts = 0;  // with one sampled query each, as some papers do
  std::uint64_t profile_prompts = 0;       // at each noise level
  // Without solvers: for mean and quantiles of the loss where a perfect solver loses nothing, and
  // rare prompts carry the mean. The adjusted loss is then that of these prompts. `sample_prompts`
  // of them at a time have means of their own, which tell what a mean over so few may be.
  std::uint64_t network_prompts = 0;
  std::uint64_t sample_prompts = 0;  // a multiple of kLanes; 0: no such means
  std::vector<double> sigmas = {};         // of the profile; may be empty
  std::uint64_t tuning_prompts = 100'000;  // on which the baselines are tuned
  int gd_steps = 7;                        // of the baseline gradient descent
};

// What examinations of models on one task share, such as tuned baselines and their losses: with it
// the numbers are the same, and come sooner. Made by Experiment::shared; used by several threads.
class Shared {
 public:
  virtual ~Shared() = default;
};

// Trains the run of another configuration in the folder `name` of the run that is beginning, and
// returns the path of its model.
using TrainFirst =
    std::function<Expected<std::string>(const Config& config, const std::string& name)>;

// One configuration, understood: all its combinations have been checked.
class Experiment {
 public:
  virtual ~Experiment() = default;

  virtual const Family& family() const = 0;
  // The task and what is evaluated, as the first lines of an evaluation.
  virtual std::string describe() const = 0;

  // Where training begins: the initial weights, and a loop that has done no step. `pool` must
  // outlive it. Errors: those of train_first, and config where no initial weights can be computed.
  virtual Expected<std::unique_ptr<TrainingLoop>> begin(ThreadPool& pool,
                                                        const TrainFirst& train_first) const = 0;
  // A loop that begins with these weights and trains as `how` says. Requires: as many as
  // TrainingLoop::theta has (asserted). Errors: config, for settings that it cannot train with.
  virtual Expected<std::unique_ptr<TrainingLoop>> loop_from(std::vector<double> weights,
                                                            const TrainSpec& how,
                                                            ThreadPool& pool) const = 0;
  // The model with these weights. Requires: as many as TrainingLoop::theta has.
  virtual std::unique_ptr<Model> model(std::vector<double> weights) const = 0;
  // Errors: io; format for a file that is no model, or not one of this configuration.
  virtual Expected<std::unique_ptr<Model>> load(const std::string& path) const = 0;

  // These three require a model of this experiment. Their numbers do not depend on the threads.
  // Errors: interrupted.
  virtual Expected<EvaluationReport> evaluate(const Model& model, ThreadPool& pool,
                                              const StageProgress& progress) const = 0;
  // The mean loss, by which starts and seeds are compared, with its error over prompts.
  virtual Expected<RunningMean> mean_loss(const Model& model, std::uint64_t prompts,
                                          std::uint64_t seed, ThreadPool& pool) const = 0;
  virtual std::uint64_t selection_prompts() const = 0;  // enough for it
  // The mean loss of predicting 0: exact, or of 1,000 prompts. A network that is far above it has
  // diverged. Requires: a model of this experiment.
  virtual double zero_loss(const Model& model, ThreadPool& pool) const = 0;
  // The JSON that studies read scores from (docs/results.md). `shared`: of shared(), for all
  // experiments on one task.
  virtual Expected<std::string> examine(const Model& model, const Examination& how, Shared& shared,
                                        ThreadPool& pool,
                                        const ProgressFunction& progress) const = 0;
  // `folder`: where what takes long to compute is kept for other processes, too; empty: nowhere.
  virtual std::unique_ptr<Shared> shared(const std::string& folder) const = 0;

  // Multiply-adds of the training, for estimates of time and shares of progress.
  virtual double cost() const = 0;
  // Seconds that one multiply-add of cost() takes, measured in a fraction of a second on one
  // thread. Experiments with one speed_group() have about the same speed.
  virtual Expected<double> seconds_per_cost() const = 0;
  virtual std::string speed_group() const = 0;

  // Null where the model is no network on Gram matrices; see require_gram.
  virtual const GramExperiment* as_gram() const { return nullptr; }

  // Sections [train] and [eval].
  TrainSpec train = {};
  RunSpec run = {};
  EvalSpec eval = {};

 protected:
  explicit Experiment(Config from) : run(run_spec(from)), config(std::move(from)) {}
  Experiment(const Experiment&) = default;
  Experiment(Experiment&&) = default;
  Experiment& operator=(const Experiment&) = default;
  Experiment& operator=(Experiment&&) = default;

  Config config;
};

struct Family {
  std::string_view name;                    // of Key::only, and in the metadata of model files
  std::string_view title;                   // "a transformer on tokens"
  std::span<const std::string_view> kinds;  // values of [model.kind]
  Expected<std::unique_ptr<Experiment>> (*make)(const Config& config);
  Expected<std::unique_ptr<Model>> (*load)(const std::string& path);
};

std::span<const Family* const> families();
const Family& family_of(const Config& config);  // by [model.kind]

// Errors: config, for combinations that cannot be and for keys of another family; they name the
// place. Nothing is allocated or written.
Expected<std::unique_ptr<Experiment>> make_experiment(const Config& config);

// make_experiment, or a function in its place: a study whose task or network no configuration can
// name makes its experiments itself.
using MakeExperiment = Expected<std::unique_ptr<Experiment>> (*)(const Config& config);

// A model without its configuration, by the family that its file names; a file without one is a
// network on Gram matrices. Errors: io and format.
Expected<std::unique_ptr<Model>> load_any(const std::string& path);

// Seconds that the loop takes for all its steps. Errors: numeric, when training diverges.
Expected<double> time_training(TrainingLoop& loop);

// The one place that refuses models that are no networks on Gram matrices, for commands that need
// one. `what` is what the user named: a run or a configuration. Errors: usage.
Expected<const GramExperiment*> require_gram(const Experiment& experiment, std::string_view what);

}  // namespace gramian
