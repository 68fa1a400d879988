#include "gramian/runs/gram_family.h"

#include <algorithm>

#include "gramian/base/assert.h"
#include "gramian/base/memory.h"
#include "gramian/evaluation/keys.h"
#include "gramian/models/operations.h"
#include "gramian/parallel/cores.h"
#include "gramian/runs/model_file.h"
#include "gramian/tasks/keys.h"
#include "gramian/theory/eigenvalue_law.h"
#include "gramian/theory/gd_family.h"
#include "gramian/training/keys.h"
#include "gramian/training/trainer.h"

namespace gramian {

namespace {

// Activations of one block, and their gradients, for each thread: what check() cannot know.
Status check_threads(const NetworkSpec& network, int threads) {
  if (threads == 0) threads = available_cores();
  return check_memory(fmt::format("[train.threads] = {} with a model of this size", threads),
                      threads * thread_bytes(network), kMostProcessBytes);
}

// Whether layers of this kind can be those of a GD++ network, of their own kind or of a wider one.
bool holds_gdpp(const NetworkSpec& network, bool as_itself) {
  if (network.heads != 1 || network.tied) return false;
  return network.kind == Parametrisation::full || network.kind == Parametrisation::diag ||
         (as_itself && network.kind == Parametrisation::gdpp);
}

// Requires: holds_gdpp(spec, true).
Network written_as(const NetworkSpec& spec, const Network& gdpp) {
  if (spec.kind == gdpp.spec.kind) return gdpp;
  return spec.kind == Parametrisation::full ? gdpp.as_full() : gdpp.as_diag();
}

Expected<std::unique_ptr<Experiment>> make_gram(const Config& config) {
  auto experiment = GRAMIAN_TRY(GramExperiment::make(config));
  return std::make_unique<GramExperiment>(std::move(experiment));
}

Expected<std::unique_ptr<Model>> load_gram(const std::string& path) {
  auto file = GRAMIAN_TRY(load_model_file(path));
  return std::make_unique<GramModel>(std::move(file.network), file.n);
}

}  // namespace

const Family gram_family{.name = "gram",
                         .title = "a linear transformer, which works on Gram matrices",
                         .kinds = kParametrisations.list(),
                         .make = make_gram,
                         .load = load_gram};

Status GramModel::save(const std::string& path) const { return save_model(path, network_, n_); }

GramExperiment::GramExperiment(const Config& from, RegressionTask regression)
    : Experiment(from),
      task(std::move(regression)),
      network(network_spec(from)),
      initial(initial_weights(from)),
      initialisation(gramian::initialisation(from)),
      init_rare(from.number("model.init_rare")),
      profile(from.numbers("eval.profile")) {
  train = train_spec(from, automatic_method(from, network));
  eval = eval_spec(from, network.layers);
}

Expected<GramExperiment> GramExperiment::make(const Config& config) {
  auto spec = GRAMIAN_TRY(task_spec(config));
  auto task = GRAMIAN_TRY(RegressionTask::create(std::move(spec)));
  GramExperiment experiment(config, std::move(task));
  GRAMIAN_TRY(check(experiment.task, experiment.network, experiment.train));
  GRAMIAN_TRY(check_threads(experiment.network, experiment.run.threads));
  GRAMIAN_TRY(experiment.check_initialisation());
  if (experiment.network.query_in_keys && experiment.eval.query == QueryMode::integrated) {
    return fail(ErrorKind::config,
                "[eval.query] integrated needs [model.query_in_keys] false: with the query among "
                "the keys the prediction is not linear in it; use sampled");
  }
  return experiment;
}

// Whether the network can hold what it is to begin as.
Status GramExperiment::check_initialisation() const {
  const bool computed = initialisation == Initialisation::gdpp_optimum;
  if (!computed && initialisation != Initialisation::gdpp) return {};
  const std::string& init = config.text("model.init");
  if (!holds_gdpp(network, computed)) {
    return fail(ErrorKind::config,
                "[model.init] {} needs [model] kind = {}full or diag, heads = 1 and tied = false, "
                "got {}, {} and {} ({})",
                init, computed ? "gdpp, " : "", config.text("model.kind"), network.heads,
                network.tied, config.where("model.init"));
  }
  if (!computed) return {};
  if (!task.identity_covariance() && task.spec().weights != WeightLaw::isotropic) {
    return fail(
        ErrorKind::config,
        "[model.init] gdpp_optimum needs [task.weights] isotropic, got inverse_covariance ({})",
        config.where("task.weights"));
  }
  constexpr int kLayers = 16;  // a search of some seconds
  if (network.layers > kLayers) {
    return fail(ErrorKind::config,
                "[model.init] gdpp_optimum needs [model.layers] of at most {}, got {} ({})",
                kLayers, network.layers, config.where("model.layers"));
  }
  if (const Status law = check_eigenvalue_law(task); !law) {
    return fail(ErrorKind::config, "[model.init] gdpp_optimum: {} ({})", law.error().message,
                config.where("model.init"));
  }
  return {};
}

std::string GramExperiment::describe() const {
  return fmt::format("in-context regression, d = {}, n = {}, sigma ~ {}\n", task.d(), task.n(),
                     task.spec().noise.describe());
}

// A GD++ network that has to be trained first is a run of its own inside the directory: it resumes,
// and is there to look at.
Expected<Network> GramExperiment::initial_network(const TrainFirst& train_first) const {
  switch (initialisation) {
    case Initialisation::gd:
    case Initialisation::random:
      break;
    case Initialisation::gdpp_optimum: {
      const auto law = GRAMIAN_TRY(eigenvalue_law(task));
      const GdOptimum best = best_gd(law, task.spec().noise.mean_square(), network.layers,
                                     {.curvature = true}, init_rare);
      return written_as(network, gdpp_network(best.layers, network, task.n()));
    }
    case Initialisation::gdpp: {
      // Its rate is the usual one: [train.learning_rate] is that of the network that begins as it.
      const auto first =
          GRAMIAN_TRY(config.with({"model.kind=gdpp", "model.init=gd", "train.optimiser=automatic",
                                   "train.learning_rate=0.01"}));
      const auto path = GRAMIAN_TRY(train_first(first, "gdpp"));
      const auto gdpp = GRAMIAN_TRY(load_model(path));
      return written_as(network, gdpp);
    }
  }
  return gramian::initial_network(task, network, initial, train.seed);
}

Expected<std::unique_ptr<TrainingLoop>> GramExperiment::begin(ThreadPool& pool,
                                                              const TrainFirst& train_first) const {
  const auto first = GRAMIAN_TRY(initial_network(train_first));
  GRAMIAN_ASSERT(first.theta.size() == network.parameters());
  return Trainer::create(task, first, train, pool);
}

Expected<std::unique_ptr<TrainingLoop>> GramExperiment::loop_from(std::vector<double> weights,
                                                                  const TrainSpec& how,
                                                                  ThreadPool& pool) const {
  GRAMIAN_ASSERT(weights.size() == network.parameters());
  GRAMIAN_TRY(check(task, network, how));
  return Trainer::create(task, {network, std::move(weights)}, how, pool);
}

std::unique_ptr<Model> GramExperiment::model(std::vector<double> weights) const {
  GRAMIAN_ASSERT(weights.size() == network.parameters());
  return std::make_unique<GramModel>(Network{network, std::move(weights)}, task.n());
}

Expected<std::unique_ptr<Model>> GramExperiment::load(const std::string& path) const {
  auto loaded = GRAMIAN_TRY(load_model(path));
  if (loaded.spec.d != task.d()) {
    return fail(ErrorKind::config, "[task.d] is {}, but the model of {} was trained for d = {}",
                task.d(), path, loaded.spec.d);
  }
  if (loaded.spec.layers != network.layers || loaded.spec.query_in_keys != network.query_in_keys) {
    return fail(ErrorKind::format,
                "{} is not the model of its configuration: it has {} layers and query_in_keys = "
                "{}, not {} and {}",
                path, loaded.spec.layers, loaded.spec.query_in_keys, network.layers,
                network.query_in_keys);
  }
  return std::make_unique<GramModel>(std::move(loaded), task.n());
}

double GramExperiment::cost() const {
  // A Gauss-Newton step has a second backward pass; double takes twice as long.
  const Operations operations = count_operations(network);
  double work =
      operations.total() + (train.method == Method::gauss_newton ? operations.backward : 0);
  work += 20.0 * task.d() * task.d();  // sampling, roughly
  constexpr double kSearch = 1e9;      // for the best GD++ network
  return work * train.batch * static_cast<double>(train.steps) *
             (train.precision == Precision::float64 ? 2 : 1) +
         (initialisation == Initialisation::gdpp_optimum ? kSearch : 0);
}

// Kinds differ: their kernels are at different parts of the peak, and Gauss-Newton and SOAP cost
// what cost() does not count.
Expected<double> GramExperiment::seconds_per_cost() const {
  GramExperiment typical = *this;
  typical.initialisation = Initialisation::gd;
  typical.network.layers = std::min(network.layers, 4);
  typical.train.steps = 100;
  ThreadPool pool(1);
  const auto loop = GRAMIAN_TRY(typical.begin(pool, {}));
  const double seconds = GRAMIAN_TRY(time_training(*loop));
  return seconds / typical.cost();
}

Expected<GramExperiment> gram_experiment(const Config& config, std::string_view what) {
  const auto experiment = GRAMIAN_TRY(make_experiment(config));
  const GramExperiment* gram = GRAMIAN_TRY(require_gram(*experiment, what));
  return *gram;
}

}  // namespace gramian
