#include "gramian/papers/newton/setting.h"

#include <fmt/format.h>

#include "gramian/models/keys.h"
#include "gramian/papers/newton/fitted.h"
#include "gramian/runs/transformer_family.h"
#include "gramian/tasks/keys.h"

namespace gramian::newton {

namespace {

constexpr std::int64_t kLinearSteps = 6000, kEncoderSteps = 3000, kQuickSteps = 60;
constexpr int kBatch = 128, kWidth = 16, kHeads = 4, kEncoderWidth = 32, kClip = 10;

std::int64_t steps_of(const Effort& effort, std::int64_t usual) {
  return effort.steps_of(usual, kQuickSteps);
}

std::vector<std::string> common_settings(int d, int n, int seed, std::int64_t steps) {
  return {"task.family=conditioned",
          fmt::format("task.d={}", d),
          fmt::format("task.n={}", n),
          "model.kind=transformer",
          fmt::format("train.seed={}", seed),
          fmt::format("train.steps={}", steps),
          fmt::format("train.batch={}", kBatch),
          "train.threads=1"};
}

std::vector<Config> starts(const Setting& setting, int seed, const Effort& effort) {
  const ConditionedSpec spec = setting.problem.spec();
  auto settings = common_settings(kD, kN, seed, steps_of(effort, kLinearSteps));
  settings.insert(
      settings.end(),
      {fmt::format("task.condition={}", spec.condition), fmt::format("task.shared={}", kBatch),
       "task.noise=constant", fmt::format("task.sigma={}", setting.problem.noise),
       fmt::format("model.layers={}", setting.layers), "model.init_noise=0.3"});
  if (setting.variant != Variant::plain) {
    settings.insert(settings.end(), {fmt::format("model.embedding={}", kWidth),
                                     fmt::format("model.heads={}", kHeads),
                                     fmt::format("model.key_size={}", kWidth / kHeads)});
  }
  if (setting.variant == Variant::biased) {
    settings.insert(settings.end(),
                    {"model.attention_bias=true", fmt::format("model.clip={}", kClip)});
  }
  return {parse_config("", "recipe", settings).value()};
}

// The network of the configuration with a norm before each layer and before the read-out.
Expected<std::unique_ptr<Experiment>> make_normed(const Config& config) {
  auto task = GRAMIAN_TRY(token_task(config));
  auto network = GRAMIAN_TRY(transformer_spec(config, task.source()));
  for (Block& block : network.blocks) block.before_mixer = {.kind = NormKind::layer};
  network.readout = {
      .norm = {.kind = NormKind::layer}, .map = ReadoutMap::matrix, .outputs = 1, .factor = 1};
  return make_transformer_experiment(config, std::move(task), std::move(network));
}

std::vector<Config> encoder_starts(int layers, int seed, const Effort& effort) {
  auto settings = common_settings(kLogisticD, kLogisticN, seed, steps_of(effort, kEncoderSteps));
  settings.insert(
      settings.end(),
      {"task.response=sign", "task.unit_norm=true", fmt::format("model.layers={}", layers),
       fmt::format("model.heads={}", kHeads), fmt::format("model.embedding={}", kEncoderWidth),
       "model.init_noise=1", "train.learning_rate=0.003"});
  return {parse_config("", "recipe", settings).value()};
}

Expected<std::unique_ptr<Experiment>> make_encoder(const Config& config) {
  auto task = logistic_task();
  const Block block{
      .before_mixer = {.kind = NormKind::layer},
      .mixer = {.kind = MixerKind::softmax,
                .mask = Mask::all,
                .heads = kHeads,
                .key_size = kEncoderWidth / kHeads,
                .scale = Scale::root},
      .before_mlp = {.kind = NormKind::layer},
      .mlp = {.kind = MlpKind::gelu, .hidden = 2 * kEncoderWidth, .place = MlpPlace::after}};
  TransformerSpec network{
      .stem = {.tokens = task.tokens(), .width = task.width(), .embedding = kEncoderWidth},
      .blocks = {static_cast<std::size_t>(config.integer("model.layers")), block},
      .readout = {
          .norm = {.kind = NormKind::layer}, .map = ReadoutMap::matrix, .outputs = 1, .factor = 1}};
  return make_transformer_experiment(config, std::move(task), std::move(network));
}

Examination examination(const Effort& effort) {
  Examination e;
  e.prompts = effort.quick ? 500 : 50'000;
  return e;
}

}  // namespace

std::string Problem::id() const { return fmt::format("kappa-{}-noise-{}", kappa, noise); }

std::string Problem::title() const { return fmt::format("kappa = {}, sigma = {}", kappa, noise); }

ConditionedSpec Problem::spec() const {
  return {.d = kD, .n = kN, .condition = kappa, .noise = NoisePrior::constant(noise).value()};
}

TokenTask task_of(const Problem& problem) {
  return TokenTask::create(conditioned_pairs(problem.spec()).value(), TokenLayout::joined).value();
}

std::string_view title_of(Variant variant) {
  switch (variant) {
    case Variant::plain:
      return "linear attention";
    case Variant::wide:
      return "linear attention, embedded";
    case Variant::biased:
      return "linear attention, embedded, with biases and clips";
    case Variant::normed:
      return "linear attention with layer norm";
  }
  return {};
}

std::string Setting::name() const {
  constexpr std::string_view kNames[] = {"lsa", "lsa-wide", "lsa-biased", "lsa-norm"};
  return cell_name(kNames[static_cast<int>(variant)], layers, false, problem.id());
}

Cell Setting::cell() const {
  return {.name = name(),
          .title = cell_title(title_of(variant), layers, false, problem.title()),
          .group = problem.id(),
          .kind = std::string(title_of(variant)),
          .layers = layers,
          .problem = problem.title(),
          .starts = [*this](int seed, const Effort& e) { return newton::starts(*this, seed, e); },
          .examination = examination,
          .make = variant == Variant::normed ? make_normed : make_experiment};
}

TokenTask logistic_task() {
  const auto pairs = conditioned_pairs(
      {.d = kLogisticD, .n = kLogisticN, .response = Response::sign, .unit_norm = true});
  return TokenTask::create(fitted_pairs(pairs.value(), kMu), TokenLayout::joined).value();
}

std::string logistic_name(int layers) { return fmt::format("encoder-L{}-logistic", layers); }

Cell logistic_cell(int layers) {
  return {.name = logistic_name(layers),
          .title = fmt::format("softmax with MLP, L = {}, logistic regression", layers),
          .group = "logistic",
          .kind = "softmax with MLP",
          .layers = layers,
          .problem = "logistic regression",
          .starts = [layers](int seed, const Effort& e) { return encoder_starts(layers, seed, e); },
          .examination = examination,
          .make = make_encoder};
}

std::string recipe(const Effort& effort) {
  return fmt::format(
      "d = {}, n = {}, the eigenvalues of the covariance in [1/kappa, 1], one covariance a batch; "
      "{} steps of Adam on {} fresh prompts, squared error of one query a prompt. Linear "
      "attention: tokens (x, y) as they are with one head, or embedded to {} numbers with {} "
      "heads, there also with biases and numbers of at most {}, or with layer norm; the query is "
      "no "
      "key.\n",
      kD, kN, steps_of(effort, kLinearSteps), kBatch, kWidth, kHeads, kClip);
}

std::string logistic_recipe(const Effort& effort) {
  return fmt::format(
      "d = {}, n = {}, inputs of unit length, labels sign <w, x>; the target is <w, x_q> with the "
      "solution w of logistic regression on the context, mu = {}. Encoders of {} numbers a token "
      "with {} heads, layer norm before each part and an MLP of {}; {} steps of Adam on {} fresh "
      "prompts.\n",
      kLogisticD, kLogisticN, kMu, kEncoderWidth, kHeads, 2 * kEncoderWidth,
      steps_of(effort, kEncoderSteps), kBatch);
}

}  // namespace gramian::newton
