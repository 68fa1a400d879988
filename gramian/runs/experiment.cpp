#include "gramian/runs/experiment.h"

#include <thread>

#include "gramian/theory/eigenvalue_law.h"
#include "gramian/training/transformer_trainer.h"

namespace gramian {

namespace {

Expected<NoisePrior> noise_prior(const Config& config) {
  const std::string& kind = config.text("task.noise");
  const std::vector<double>& sigma = config.numbers("task.sigma");
  const auto refuse = [&](std::string_view rule) {
    return fail(ErrorKind::config, "[task.sigma] must be {} for task.noise = \"{}\", got [{}] ({})",
                rule, kind, fmt::join(sigma, ", "),
                config.where(config.is_set("task.sigma") ? "task.sigma" : "task.noise"));
  };
  if (kind == "uniform") {
    if (sigma.size() != 2 || sigma[0] > sigma[1]) return refuse("[low, high] with low <= high");
    return NoisePrior::uniform(sigma[0], sigma[1]);
  }
  if (kind == "categorical") {
    if (sigma.empty()) return refuse("at least one level");
    return NoisePrior::categorical(sigma);
  }
  if (sigma.size() != 1) return refuse("one level");
  return NoisePrior::constant(sigma[0]);
}

// S, row-major [d, d]; empty for the identity.
Expected<std::vector<double>> covariance(const Config& config, std::size_t d) {
  const Config::Matrix& matrix = config.matrix("task.covariance");
  const auto refuse = [&](const std::string& found) {
    return fail(
        ErrorKind::config,
        "[task.covariance] must be d x d, or d numbers on the diagonal, d = {}, got {} ({})", d,
        found, config.where("task.covariance"));
  };
  std::vector<double> s;
  if (!matrix.diagonal.empty()) {
    if (matrix.diagonal.size() != d)
      return refuse(fmt::format("{} on the diagonal", matrix.diagonal.size()));
    s.assign(d * d, 0.0);
    for (std::size_t i = 0; i < d; ++i) s[i * d + i] = matrix.diagonal[i];
  } else if (!matrix.rows.empty()) {
    if (matrix.rows.size() != d) return refuse(fmt::format("{} rows", matrix.rows.size()));
    for (std::size_t i = 0; i < d; ++i) {
      const std::vector<double>& row = matrix.rows[i];
      if (row.size() != d) return refuse(fmt::format("{} numbers in row {}", row.size(), i + 1));
      s.insert(s.end(), row.begin(), row.end());
    }
  }
  return s;
}

Parametrisation parametrisation(const std::string& name) {
  for (const Parametrisation kind :
       {Parametrisation::full, Parametrisation::diag, Parametrisation::gdpp}) {
    if (name == name_of(kind)) return kind;
  }
  return Parametrisation::preconditioned;
}

NetworkSpec network_spec(const Config& config) {
  return {.kind = parametrisation(config.text("model.kind")),
          .d = static_cast<int>(config.integer("task.d")),
          .layers = static_cast<int>(config.integer("model.layers")),
          .heads = static_cast<int>(config.integer("model.heads")),
          .tied = config.boolean("model.tied"),
          .context_scale =
              config.text("model.context_scale") == "sum" ? ContextScale::sum : ContextScale::mean,
          .query_in_keys = config.boolean("model.query_in_keys")};
}

QueryMode query_mode(const Config& config, std::string_view key) {
  return config.text(key) == "sampled" ? QueryMode::sampled : QueryMode::integrated;
}

Method method(const Config& config) {
  const std::string& name = config.text("train.optimiser");
  const std::string& kind = config.text("model.kind");
  if (name == "automatic")
    return kind == "full" || kind == "transformer" ? Method::adam : Method::gauss_newton;
  return name == "adam" ? Method::adam : name == "soap" ? Method::soap : Method::gauss_newton;
}

TrainSpec train_spec(const Config& config) {
  const std::string& schedule = config.text("train.schedule");
  return {.seed = static_cast<std::uint64_t>(config.integer("train.seed")),
          .steps = config.integer("train.steps"),
          .batch = static_cast<int>(config.integer("train.batch")),
          .precision =
              config.text("train.precision") == "double" ? Precision::twice : Precision::single,
          .loss = {.query = query_mode(config, "train.query"),
                   .robust = config.number("train.robust"),
                   .guards = static_cast<int>(config.integer("train.guards")),
                   .stretch = config.number("train.stretch")},
          .robust_final = config.number("train.robust_final"),
          .method = method(config),
          .optimiser = {.learning_rate = config.number("train.learning_rate"),
                        .final_learning_rate = config.number("train.final_learning_rate"),
                        .schedule = schedule == "cosine"   ? Schedule::cosine
                                    : schedule == "linear" ? Schedule::linear
                                                           : Schedule::constant,
                        .warmup = config.number("train.warmup"),
                        .beta1 = config.number("train.beta1"),
                        .beta2 = config.number("train.beta2"),
                        .epsilon = config.number("train.epsilon"),
                        .weight_decay = config.number("train.weight_decay"),
                        .clip_norm = config.number("train.clip_norm")},
          .gauss_newton = {.first_share = config.number("train.newton_after"),
                           .rate = config.number("train.newton_rate"),
                           .trust = config.number("train.newton_trust"),
                           .damping = config.number("train.newton_damping"),
                           .memory = config.number("train.newton_memory")}};
}

bool same_value(const Key& key, const Config& a, const Config& b) {
  switch (key.type) {
    case KeyType::integer:
      return a.integer(key.name) == b.integer(key.name);
    case KeyType::number:
      return a.number(key.name) == b.number(key.name);
    case KeyType::boolean:
      return a.boolean(key.name) == b.boolean(key.name);
    case KeyType::choice:
      return a.text(key.name) == b.text(key.name);
    case KeyType::numbers:
      return a.numbers(key.name) == b.numbers(key.name);
    case KeyType::matrix:
      return a.matrix(key.name) == b.matrix(key.name);
  }
  return false;
}

// Keys that only a transformer on tokens reads must be at their defaults. Returns the first fault.
Status require_linear(const Config& config) {
  const Config usual = Config::defaults();
  for (const char* key : {"task.family", "task.layout", "task.amplitude", "task.correlated",
                          "model.positions", "model.embedding", "model.hidden", "model.key_size",
                          "model.softmax_layers", "model.attention", "model.clip"}) {
    if (same_value(*find_key(key), config, usual)) continue;
    return fail(ErrorKind::config, "[{}] is for [model.kind] transformer, not for {} ({})", key,
                config.text("model.kind"), config.where(key));
  }
  return {};
}

Expected<TokenExperiment> token_experiment(const Config& config, const RegressionTask& regression) {
  const std::vector<double>& amplitude = config.numbers("task.amplitude");
  if (amplitude.size() != 2) {
    return fail(ErrorKind::config, "[task.amplitude] must be [low, high], got {} numbers ({})",
                amplitude.size(), config.where("task.amplitude"));
  }
  auto task = GRAMIAN_TRY(TokenTask::create(
      regression, config.text("task.family") == "sine" ? Family::sine : Family::linear,
      config.text("task.layout") == "interleaved" ? TokenLayout::interleaved : TokenLayout::joined,
      {amplitude[0], amplitude[1], config.boolean("task.correlated")}));
  if (config.text("model.init").starts_with("gdpp")) {
    return fail(ErrorKind::config,
                "[model.init] {} is not for [model.kind] transformer, which begins at random ({})",
                config.text("model.init"), config.where("model.init"));
  }
  const auto number = [&](const char* key) { return static_cast<int>(config.integer(key)); };
  TransformerSpec spec{
      .tokens = task.tokens(),
      .width = task.width(),
      .positions = number("model.positions"),
      .embedding = number("model.embedding"),
      .hidden = number("model.hidden"),
      .layers = number("model.layers"),
      .heads = number("model.heads"),
      .key_size = number("model.key_size"),
      .softmax_layers = number("model.softmax_layers"),
      .attention = config.text("model.attention") == "trained" ? Attention::trained
                                                               : Attention::gradient_descent,
      .tied = config.boolean("model.tied"),
      .context_scale =
          config.text("model.context_scale") == "sum" ? ContextScale::sum : ContextScale::mean,
      .query_in_keys = config.boolean("model.query_in_keys"),
      .clip = config.number("model.clip")};
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
Status set_beginning(const Config& config, Experiment& experiment) {
  const std::string& init = config.text("model.init");
  if (!init.starts_with("gdpp")) return {};
  const bool computed = init == "gdpp_optimum";
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
  experiment.beginning = computed ? Beginning::gdpp_optimum : Beginning::gdpp;
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

Expected<TaskSpec> task_spec(const Config& config) {
  TaskSpec spec;
  spec.d = static_cast<int>(config.integer("task.d"));
  spec.n = static_cast<int>(config.integer("task.n"));

  auto noise = GRAMIAN_TRY(noise_prior(config));
  spec.noise = std::move(noise);

  auto s = GRAMIAN_TRY(covariance(config, static_cast<std::size_t>(spec.d)));
  spec.covariance = std::move(s);

  spec.inputs = config.text("task.inputs") == "uniform" ? InputLaw::uniform : InputLaw::gaussian;
  spec.weights = config.text("task.weights") == "inverse_covariance" ? WeightLaw::inverse_covariance
                                                                     : WeightLaw::isotropic;
  const std::string& sampler = config.text("task.sampler");
  spec.sampler = sampler == "tokens" ? SamplerKind::tokens
                 : sampler == "gram" ? SamplerKind::gram
                                     : SamplerKind::automatic;
  return spec;
}

Expected<Experiment> make_experiment(const Config& config) {
  auto spec = GRAMIAN_TRY(task_spec(config));
  auto task = GRAMIAN_TRY(RegressionTask::create(std::move(spec)));

  const int steps = static_cast<int>(config.integer("eval.gd_steps"));
  const int layers = static_cast<int>(config.integer("model.layers"));
  Experiment experiment{
      .task = std::move(task),
      .network = network_spec(config),
      .initial = {.near_gd = config.text("model.init") != "random",
                  .step = config.number("model.init_step"),
                  .curvature = config.number("model.init_curvature"),
                  .growth = config.number("model.init_growth"),
                  .noise = config.number("model.init_noise")},
      .train = train_spec(config),
      .eval = {.prompts = static_cast<std::uint64_t>(config.integer("eval.prompts")),
               .seed = static_cast<std::uint64_t>(config.integer("eval.seed")),
               .query = query_mode(config, "eval.query"),
               .tuning_prompts = static_cast<std::uint64_t>(config.integer("eval.tuning_prompts")),
               .gd_steps = steps > 0 ? steps : layers},
      .profile = config.numbers("eval.profile"),
      .threads = static_cast<int>(config.integer("train.threads")),
      .checkpoint_every = config.integer("train.checkpoint_every"),
      .log_every = config.integer("train.log_every"),
      .snapshots = static_cast<int>(config.integer("train.snapshots"))};
  if (config.text("model.kind") == "transformer") {
    auto tokens = GRAMIAN_TRY(token_experiment(config, experiment.task));
    experiment.train.loss.query = QueryMode::sampled;
    GRAMIAN_TRY(check(tokens.task, tokens.transformer, experiment.train));
    experiment.tokens = std::move(tokens);
    return experiment;
  }
  GRAMIAN_TRY(require_linear(config));
  GRAMIAN_TRY(check(experiment.task, experiment.network, experiment.train));
  GRAMIAN_TRY(check_threads(experiment.network, experiment.threads));
  GRAMIAN_TRY(set_beginning(config, experiment));
  if (experiment.network.query_in_keys && experiment.eval.query == QueryMode::integrated) {
    return fail(ErrorKind::config,
                "[eval.query] integrated needs [model.query_in_keys] false: with the query among "
                "the keys the "
                "prediction is not linear in it; use sampled");
  }
  return experiment;
}

}  // namespace gramian
