#include "gramian/tasks/keys.h"

#include <array>
#include <vector>

#include "gramian/tasks/graph_task.h"
#include "gramian/tasks/token_families.h"

namespace gramian {

namespace {

constexpr auto kInputLaws =
    words<InputLaw>({{InputLaw::gaussian, "gaussian"}, {InputLaw::uniform, "uniform"}});
constexpr auto kWeightLaws = words<WeightLaw>(
    {{WeightLaw::isotropic, "isotropic"}, {WeightLaw::inverse_covariance, "inverse_covariance"}});
constexpr auto kSamplers = words<SamplerKind>({{SamplerKind::automatic, "automatic"},
                                               {SamplerKind::tokens, "tokens"},
                                               {SamplerKind::gram, "gram"}});
constexpr auto kLayouts = words<TokenLayout>({{TokenLayout::joined, "joined"},
                                              {TokenLayout::interleaved, "interleaved"},
                                              {TokenLayout::inputs, "inputs"}});

enum class NoiseKind { uniform, categorical, constant };
constexpr auto kNoises = words<NoiseKind>({{NoiseKind::uniform, "uniform"},
                                           {NoiseKind::categorical, "categorical"},
                                           {NoiseKind::constant, "constant"}});

// Without those of single families of token tasks.
std::vector<Key> common_keys() {
  const auto keys = key::all_affect(
      Affects::prompts,
      std::array{
          key::integer("task.d", "10", 1, kMaxDimension, "input dimension d"),
          key::integer("task.n", "20", 1, kMaxContext, "context length n: examples in a prompt"),
          key::choice("task.noise", "uniform", kNoises.list(),
                      "prior of the noise level sigma, drawn once a prompt"),
          key::numbers("task.sigma", "[0, 5]", key::at_least(0),
                       "noise levels sigma (standard deviation of the targets): low and high for "
                       "uniform, one or more equally likely levels for categorical, one for "
                       "constant"),
          key::matrix("task.covariance", "[]", kMaxDimension,
                      "covariance S of the inputs, d x d, symmetric and positive definite"),
          key::choice("task.inputs", "gaussian", kInputLaws.list(),
                      "law of the inputs x = C z, C C^T = S: entries of z normal, or uniform of "
                      "variance 1"),
          key::choice("task.weights", "isotropic", kWeightLaws.list(),
                      "law of the true weights: w ~ N(0, I), or N(0, S^-1)"),
          key::integer("task.pool", "0", 0, kMaxPool,
                       "K: each prompt has one of K weight vectors, which are drawn once by the "
                       "law of task.weights, so that few tasks are seen again and again; 0: a new "
                       "vector for each prompt. Solvers, Bayes among them, do not know the pool"),
          key::integer("task.pool_seed", "0", 0, key::kLargestSeed,
                       "seed of these vectors; the first are the same for every K"),
          key::choice(
              "task.sampler", "automatic", kSamplers.list(),
              "draw n tokens, or their Gram matrix directly (gaussian inputs only; any n at "
              "one cost); automatic prefers gram"),
          key::only("transformer",
                    key::choice("task.family", "linear", token_family_names(),
                                "what is regressed: linear functions, or a sin(x + phase) with "
                                "x ~ U(-5, 5) and phase ~ U(0, pi), which has no other settings "
                                "than task.n, task.layout, task.amplitude and task.correlated; or "
                                "what is classified: patterns, tokens that show one of several "
                                "directions each, labelled by the class that shows most; or, "
                                "conditioned, linear functions or labels of inputs whose "
                                "covariance has a prescribed condition number; or what is "
                                "continued: sequence, observations of a dynamical system, each "
                                "token of which is to predict the next; or recall, symbols that "
                                "ask for what stood before")),
          key::only("transformer",
                    key::choice("task.layout", "joined", kLayouts.list(),
                                "joined: tokens (x, y); interleaved: x, and then (0, y) in a token "
                                "of its own; inputs: x alone, of task.family patterns")),
      });
  return {keys.begin(), keys.end()};
}

Expected<NoisePrior> noise_prior(const Settings& settings) {
  const std::string& kind = settings.text("task.noise");
  const std::vector<double>& sigma = settings.numbers("task.sigma");
  const auto refuse = [&](std::string_view rule) {
    return fail(ErrorKind::config, "[task.sigma] must be {} for task.noise = \"{}\", got [{}] ({})",
                rule, kind, fmt::join(sigma, ", "),
                settings.where(settings.is_set("task.sigma") ? "task.sigma" : "task.noise"));
  };
  switch (kNoises.value(kind)) {
    case NoiseKind::uniform:
      if (sigma.size() != 2 || sigma[0] > sigma[1]) return refuse("[low, high] with low <= high");
      return NoisePrior::uniform(sigma[0], sigma[1]);
    case NoiseKind::categorical:
      if (sigma.empty()) return refuse("at least one level");
      return NoisePrior::categorical(sigma);
    case NoiseKind::constant:
      break;
  }
  if (sigma.size() != 1) return refuse("one level");
  return NoisePrior::constant(sigma[0]);
}

// S, row-major [d, d]; empty for the identity.
Expected<std::vector<double>> covariance(const Settings& settings, std::size_t d) {
  const Settings::Matrix& matrix = settings.matrix("task.covariance");
  const auto refuse = [&](const std::string& found) {
    return fail(
        ErrorKind::config,
        "[task.covariance] must be d x d, or d numbers on the diagonal, d = {}, got {} ({})", d,
        found, settings.where("task.covariance"));
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

}  // namespace

std::span<const Key> task_keys() {
  static const std::vector<Key> all = [] {
    std::vector<Key> keys = common_keys();
    for (const TokenFamily* family : token_families())
      keys.insert(keys.end(), family->keys.begin(), family->keys.end());
    keys.insert(keys.end(), graph_task_keys().begin(), graph_task_keys().end());
    return keys;
  }();
  return all;
}

Expected<TaskSpec> task_spec(const Settings& settings) {
  TaskSpec spec;
  spec.d = static_cast<int>(settings.integer("task.d"));
  spec.n = static_cast<int>(settings.integer("task.n"));
  spec.noise = GRAMIAN_TRY(noise_prior(settings));
  spec.covariance = GRAMIAN_TRY(covariance(settings, static_cast<std::size_t>(spec.d)));
  spec.inputs = kInputLaws.value(settings.text("task.inputs"));
  spec.weights = kWeightLaws.value(settings.text("task.weights"));
  spec.sampler = kSamplers.value(settings.text("task.sampler"));
  spec.pool = static_cast<int>(settings.integer("task.pool"));
  spec.pool_seed = static_cast<std::uint64_t>(settings.integer("task.pool_seed"));
  return spec;
}

Expected<TokenTask> token_task(const Settings& settings) {
  const TokenFamily& family = token_family(settings.text("task.family"));
  if (family.make_source != nullptr) return TokenTask(GRAMIAN_TRY(family.make_source(settings)));
  auto pairs = GRAMIAN_TRY(family.make(settings));
  return TokenTask::create(std::move(pairs), kLayouts.value(settings.text("task.layout")));
}

}  // namespace gramian
