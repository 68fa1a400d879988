#include "gramian/runs/experiment.h"

#include <thread>

#include "gramian/evaluation/keys.h"
#include "gramian/tasks/keys.h"
#include "gramian/theory/eigenvalue_law.h"
#include "gramian/training/keys.h"
#include "gramian/training/transformer_trainer.h"

namespace gramian {

namespace {

// A key that another family of models has must be at its default.
Status refuse_foreign_keys(const Config& config, std::string_view family) {
  const Config usual = Config::defaults(config.table());
  for (const Key& key : config.table().keys()) {
    if (key.only.empty() || key.only == family || config.same(key, usual)) continue;
    return fail(ErrorKind::config, "[{}] is for [model.kind] {}, not for {} ({})", key.name,
                key.only, config.text("model.kind"), config.where(key.name));
  }
  return {};
}

Expected<TokenExperiment> token_experiment(const Config& config) {
  auto task = GRAMIAN_TRY(token_task(config));
  if (config.text("model.init").starts_with("gdpp")) {
    return fail(ErrorKind::config,
                "[model.init] {} is not for [model.kind] transformer, which begins at random ({})",
                config.text("model.init"), config.where("model.init"));
  }
  const TransformerSpec spec = transformer_spec(config, task.tokens(), task.width());
  return TokenExperiment{std::move(task), spec};
}

// Activations of one block, and their gradients, for each thread: what check() cannot know.
Status check_threads(const NetworkSpec& network, int threads) {
  constexpr double kMostBytes = 64e9;
  if (threads == 0) threads = static_cast<int>(std::thread::hardware_concurrency());
  const double matrix = static_cast<double>(network.rows() * network.rows());
  const double numbers =
      network.layers * (2.0 + network.heads) * matrix + static_cast<double>(network.parameters());
  const double bytes = threads * numbers * kLanes * sizeof(double);
  if (bytes <= kMostBytes) return {};
  return fail(
      ErrorKind::config,
      "[train.threads] = {} would need {:.0f} GB for a model of this size; at most {:.0f} GB",
      threads, bytes / 1e9, kMostBytes / 1e9);
}

// Whether the network can hold what it is to begin as.
Status set_initialisation(const Config& config, Experiment& experiment) {
  const std::string& init = config.text("model.init");
  experiment.initialisation = initialisation(config);
  const bool computed = experiment.initialisation == Initialisation::gdpp_optimum;
  if (!computed && experiment.initialisation != Initialisation::gdpp) return {};
  const NetworkSpec& network = experiment.network;
  const bool holds_gdpp = network.kind == Parametrisation::full ||
                          network.kind == Parametrisation::diag ||
                          (computed && network.kind == Parametrisation::gdpp);
  if (!holds_gdpp || network.heads != 1 || network.tied) {
    return fail(ErrorKind::config,
                "[model.init] {} needs [model] kind = {}full or diag, heads = 1 and tied = false, "
                "got {}, {} and {} ({})",
                init, computed ? "gdpp, " : "", config.text("model.kind"), network.heads,
                network.tied, config.where("model.init"));
  }
  experiment.init_rare = config.number("model.init_rare");
  if (!computed) return {};
  if (!experiment.task.identity_covariance() &&
      experiment.task.spec().weights != WeightLaw::isotropic) {
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
  if (const Status law = check_eigenvalue_law(experiment.task); !law) {
    return fail(ErrorKind::config, "[model.init] gdpp_optimum: {} ({})", law.error().message,
                config.where("model.init"));
  }
  return {};
}

}  // namespace

Expected<Experiment> make_experiment(const Config& config) {
  const bool transformer = config.text("model.kind") == "transformer";
  GRAMIAN_TRY(refuse_foreign_keys(config, transformer ? "transformer" : "gram"));
  auto spec = GRAMIAN_TRY(task_spec(config));
  auto task = GRAMIAN_TRY(RegressionTask::create(std::move(spec)));

  const int layers = static_cast<int>(config.integer("model.layers"));
  const NetworkSpec network = transformer ? NetworkSpec{} : network_spec(config);
  Experiment experiment{
      .task = std::move(task),
      .network = network,
      .initial = initial_weights(config),
      .train = train_spec(config, transformer ? Method::adam : automatic_method(network)),
      .eval = eval_spec(config, layers),
      .profile = config.numbers("eval.profile"),
      .run = run_spec(config)};
  if (transformer) {
    auto tokens = GRAMIAN_TRY(token_experiment(config));
    experiment.train.loss.query = QueryMode::sampled;
    GRAMIAN_TRY(check(tokens.task, tokens.transformer, experiment.train));
    experiment.tokens = std::move(tokens);
    return experiment;
  }
  GRAMIAN_TRY(check(experiment.task, experiment.network, experiment.train));
  GRAMIAN_TRY(check_threads(experiment.network, experiment.run.threads));
  GRAMIAN_TRY(set_initialisation(config, experiment));
  if (experiment.network.query_in_keys && experiment.eval.query == QueryMode::integrated) {
    return fail(ErrorKind::config,
                "[eval.query] integrated needs [model.query_in_keys] false: with the query among "
                "the keys the "
                "prediction is not linear in it; use sampled");
  }
  return experiment;
}

}  // namespace gramian
