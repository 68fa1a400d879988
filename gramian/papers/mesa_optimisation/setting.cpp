#include "gramian/papers/mesa_optimisation/setting.h"

#include <fmt/format.h>

#include "gramian/papers/mesa_optimisation/measure.h"
#include "gramian/runs/transformer_family.h"
#include "gramian/tasks/sequence_tokens.h"

namespace gramian::mesa_optimisation {

namespace {

constexpr std::int64_t kSteps = 4000, kQuickSteps = 60;
constexpr int kBatch = 64, kSeeds = 3;

std::int64_t steps_of(const Effort& effort) { return effort.steps_of(kSteps, kQuickSteps); }

int heads_of(int layers) { return layers == 1 ? 2 : 4; }

std::string_view word_of(System system) {
  constexpr std::string_view kWords[] = {"linear", "contracting", "fixed"};
  return kWords[static_cast<int>(system)];
}

// Keeps the products of such a network block-scalar: those of Q and V, the others being I.
StepHook hold_block_scalars(const Transformer& network, int d) {
  return [matrices = network.matrices(), d](const StepReport&, std::vector<double>& theta) {
    for (const WeightMatrix& at : matrices) {
      Eigen::Map<RowMajorMatrix> m(theta.data() + at.first, at.rows, at.columns);
      const bool is_product = at.name.ends_with(".Q") || at.name.ends_with(".V");
      if (is_product) {
        m = block_scalars(m, d);
      } else {
        m.setIdentity();
      }
    }
  };
}

Expected<std::unique_ptr<Experiment>> make_block_scalar(const Config& config) {
  const auto usual = GRAMIAN_TRY(TransformerExperiment::make(config));
  const int d = usual.task.answers().outputs;
  const auto random =
      GRAMIAN_TRY(Transformer::initial(usual.transformer, usual.start, usual.train.seed));
  const auto begin = GRAMIAN_TRY(compressed(random, d, 1));
  auto experiment = GRAMIAN_TRY(TransformerExperiment::make(config, usual.task, begin.spec()));
  experiment.begin_with = [begin]() -> Expected<Transformer> { return begin; };
  experiment.after_step = hold_block_scalars(begin, d);
  return std::make_unique<TransformerExperiment>(std::move(experiment));
}

std::vector<Config> starts(const Setting& setting, int seed, const Effort& effort) {
  std::vector<std::string> settings{
      "task.family=sequence",
      fmt::format("task.system={}", word_of(setting.system)),
      fmt::format("task.slots={}", setting.layers == 1 ? "pairs" : "constructed"),
      fmt::format("task.d={}", setting.d),
      fmt::format("task.tokens={}", setting.tokens()),
      "model.kind=transformer",
      fmt::format("model.layers={}", setting.layers),
      fmt::format("model.heads={}", heads_of(setting.layers)),
      fmt::format("model.key_size={}", 2 * setting.d),
      "model.context_scale=sum",
      "model.init_noise=0.05",
      "model.clip=4",
      "train.robust=0",
      "train.learning_rate=0.003",
      "train.clip_norm=1",
      "train.weight_decay=0.01",
      fmt::format("train.batch={}", kBatch),
      fmt::format("train.steps={}", steps_of(effort)),
      fmt::format("train.seed={}", seed),
      "train.threads=1"};
  if (setting.snapshots > 0)
    settings.push_back(fmt::format("train.snapshots={}", setting.snapshots));
  return {parse_config("", "recipe", settings).value()};
}

Examination examination(const Effort& effort) {
  Examination e;
  e.prompts = effort.quick ? 256 : 10'000;
  return e;
}

}  // namespace

std::string_view title_of(System system) {
  switch (system) {
    case System::linear:
      return "linear systems, one for each prompt";
    case System::contracting:
      return "contracting linear systems, one for each prompt";
    case System::fixed:
      return "one linear system for all prompts";
  }
  return {};
}

std::string Setting::name() const {
  std::string name = cell_name("lsa", layers, false, fmt::format("{}-d{}", word_of(system), d));
  if (products == Products::block_scalar) name += "-scalar";
  return snapshots > 0 ? name + "-along" : name;
}

std::string Setting::title() const {
  return cell_title(products == Products::block_scalar
                        ? "linear attention with block-scalar products"
                        : "linear attention",
                    layers, false, fmt::format("{}, d = {}", title_of(system), d));
}

SequenceSpec Setting::sequence() const {
  return {.family = system == System::linear        ? SequenceFamily::linear
                    : system == System::contracting ? SequenceFamily::contracting
                                                    : SequenceFamily::fixed,
          .layout = layers == 1 ? SequenceLayout::pairs : SequenceLayout::constructed,
          .tokens = tokens(),
          .state = d,
          .observed = d};
}

TokenTask Setting::task() const { return TokenTask(sequence_tokens(sequence()).value()); }

Cell Setting::cell() const {
  return {.name = name(),
          .title = title(),
          .group = fmt::format("{}-d{}", word_of(system), d),
          .kind = products == Products::free ? "linear attention" : "block-scalar products",
          .layers = layers,
          .problem = fmt::format("{}, d = {}", title_of(system), d),
          .starts = [setting = *this](
                        int seed,
                        const Effort& e) { return mesa_optimisation::starts(setting, seed, e); },
          .seeds = kSeeds,
          .examination = examination,
          .make = products == Products::free ? make_experiment : make_block_scalar};
}

std::string recipe(const Effort& effort) {
  return fmt::format(
      "d = {} and T = {}, or where it is said d = {} and T = {}; first state U(-1, 1), noise 0.01. "
      "Causal linear attention without embedding, biases, norms or MLP on tokens (0, s_t, s_t, "
      "s_(t-1)), of one layer (0, s_t, s_(t-1)); four heads (one layer: two) of 2 d numbers; "
      "numbers "
      "of a token are limited to [-4, 4] after each layer. {} steps of AdamW on batches of {} "
      "fresh "
      "prompts, rate 0.003 with cosine decay, weight decay 0.01, gradients of norm at most 1. "
      "Losses are means over positions of 1/2 |error|^2 on prompts that all predictors share; "
      "baselines are tuned on others.\n",
      kD, 5 * kD, kPublishedD, 5 * kPublishedD, steps_of(effort), kBatch);
}

}  // namespace gramian::mesa_optimisation
