#include "gramian/papers/mesa_optimisation/raw.h"

#include <fmt/format.h>

#include "gramian/models/keys.h"
#include "gramian/runs/run_directory.h"
#include "gramian/runs/transformer_family.h"
#include "gramian/runs/transformer_file.h"
#include "gramian/tasks/keys.h"
#include "gramian/tasks/sequence_tokens.h"

namespace gramian::mesa_optimisation {

namespace {

constexpr std::int64_t kRawSteps = 3000, kRawQuickSteps = 40;
constexpr int kPartialD = 4, kPartialState = 8;
constexpr int kRawBatch = 64, kHidden = 64, kRawSeeds = 3;

std::int64_t raw_steps(const Effort& effort) { return effort.steps_of(kRawSteps, kRawQuickSteps); }

int observed_of(const RawSetting& setting) {
  return setting.system == Observation::partial ? kPartialD : setting.sizes.d;
}

bool has_mesa(Stack network) {
  return network == Stack::hybrid || network == Stack::mesa || network == Stack::one_mesa;
}

std::vector<Config> raw_starts(const RawSetting& setting, int seed, const Effort& effort) {
  const bool is_one = setting.network == Stack::one_mesa;
  std::vector<std::string> settings{
      "task.family=sequence",
      fmt::format("task.d={}", observed_of(setting)),
      fmt::format("task.tokens={}", setting.sizes.tokens),
      fmt::format("task.slots={}", is_one ? "pairs" : "raw"),
      "model.kind=transformer",
      fmt::format("model.layers={}", is_one ? 1 : 2),
      "model.heads=2",
      fmt::format("model.key_size={}", setting.sizes.key),
      fmt::format("model.softmax_layers={}", setting.network == Stack::softmax      ? 2
                                             : begins_with_softmax(setting.network) ? 1
                                                                                    : 0),
      "model.context_scale=sum",
      fmt::format("model.init_noise={}", is_one ? 0.05 : 0.3),
      "train.robust=0",
      "train.learning_rate=0.003",
      "train.clip_norm=1",
      fmt::format("train.batch={}", kRawBatch),
      fmt::format("train.steps={}", raw_steps(effort)),
      fmt::format("train.seed={}", seed),
      "train.threads=1"};
  if (has_mesa(setting.network)) settings.push_back("model.mixer=mesa");
  if (!is_one) settings.push_back(fmt::format("model.embedding={}", setting.sizes.width));
  if (setting.sizes.start == SequenceStart::normal) settings.push_back("task.start=normal");
  if (setting.system == Observation::partial)
    settings.push_back(fmt::format("task.state={}", kPartialState));
  if (setting.system == Observation::nonlinear) {
    settings.push_back("task.system=nonlinear");
    if (!is_one) settings.push_back(fmt::format("model.hidden={}", kHidden));
  }
  return {parse_config("", "recipe", settings).value()};
}

// The network of the configuration with one-hot positions, softmax over roots of the key size, and
// an MLP in the first block alone.
Expected<std::unique_ptr<Experiment>> make_raw(const Config& config) {
  auto task = GRAMIAN_TRY(token_task(config));
  auto network = GRAMIAN_TRY(transformer_spec(config, task.source()));
  if (network.stem.embedding > 0)
    network.stem.positions = {.kind = PositionKind::one_hot, .width = task.tokens()};
  for (std::size_t l = 0; l < network.blocks.size(); ++l) {
    Block& block = network.blocks[l];
    if (l > 0) block.mlp = {};
    if (block.mixer.kind == MixerKind::softmax) block.mixer.scale = Scale::root;
  }
  return make_transformer_experiment(config, std::move(task), std::move(network));
}

Examination raw_examination(const Effort& effort) {
  Examination e;
  e.prompts = effort.quick ? 256 : 5'000;
  return e;
}

std::string_view word_of(Observation system) {
  constexpr std::string_view kWords[] = {"linear", "partial", "nonlinear"};
  return kWords[static_cast<int>(system)];
}

// Nothing where they are the usual ones.
std::string of_sizes(const RawSizes& sizes) {
  return sizes == RawSizes{} ? "" : fmt::format(", d = {}, T = {}", sizes.d, sizes.tokens);
}

}  // namespace

std::string_view title_of(Observation system) {
  constexpr std::string_view kTitles[] = {"linear systems", "partially observed linear systems",
                                          "nonlinear systems"};
  return kTitles[static_cast<int>(system)];
}

std::string_view title_of(Stack network) {
  constexpr std::string_view kTitles[] = {"softmax, mesa",    "softmax, linear",
                                          "softmax, softmax", "mesa, mesa",
                                          "linear, linear",   "one mesa layer on pairs"};
  return kTitles[static_cast<int>(network)];
}

bool begins_with_softmax(Stack network) {
  return network == Stack::hybrid || network == Stack::hybrid_linear || network == Stack::softmax;
}

std::string RawSetting::name() const {
  constexpr std::string_view kNames[] = {"hybrid",     "hybrid-linear", "softmax-twice",
                                         "mesa-twice", "linear-twice",  "one-mesa"};
  std::string name = fmt::format("{}-{}", kNames[static_cast<int>(network)], word_of(system));
  if (sizes == RawSizes{}) return name;
  name += fmt::format("-d{}-T{}-W{}", sizes.d, sizes.tokens, sizes.width);
  return sizes.start == SequenceStart::normal ? name + "-normal" : name;
}

SequenceSpec RawSetting::sequence() const {
  const bool is_partial = system == Observation::partial;
  return {.family =
              system == Observation::nonlinear ? SequenceFamily::nonlinear : SequenceFamily::linear,
          .layout = network == Stack::one_mesa ? SequenceLayout::pairs : SequenceLayout::raw,
          .start = sizes.start,
          .tokens = sizes.tokens,
          .state = is_partial ? kPartialState : sizes.d,
          .observed = observed_of(*this)};
}

TokenTask RawSetting::task() const { return TokenTask(sequence_tokens(sequence()).value()); }

Cell RawSetting::cell() const {
  return {.name = name(),
          .title = fmt::format("{}; {}{}", title_of(network), title_of(system), of_sizes(sizes)),
          .group = fmt::format("raw-{}{}", word_of(system), of_sizes(sizes)),
          .kind = std::string(title_of(network)),
          .layers = network == Stack::one_mesa ? 1 : 2,
          .problem = std::string(title_of(system)),
          .starts = [setting = *this](int seed,
                                      const Effort& e) { return raw_starts(setting, seed, e); },
          .seeds = kRawSeeds,
          .examination = raw_examination,
          .make = make_raw};
}

std::string raw_recipe(const Effort& effort) {
  constexpr RawSizes kUsual;
  return fmt::format(
      "T = {}, first state U(-1, 1), noise 0.01; d = {}, or {} of a state of {} where it is "
      "partially observed. Tokens s_t embedded to {} numbers with one-hot positions, two layers of "
      "causal attention with two heads of {} numbers, no norms; on nonlinear systems an MLP of {} "
      "before the first. One mesa layer without embedding on tokens (0, s_t, s_(t-1)). lambda of a "
      "mesa layer is learned for each number of a key. {} steps of Adam on batches of {} fresh "
      "prompts, rate 0.003 with cosine decay, gradients of norm at most 1.\n",
      kUsual.tokens, kUsual.d, kPartialD, kPartialState, kUsual.width, kUsual.key, kHidden,
      raw_steps(effort), kRawBatch);
}

Expected<Transformer> load_raw(const Trained& trained, const StudyOptions& options) {
  const auto directory =
      GRAMIAN_TRY(RunDirectory::open(fmt::format("{}/{}", options.directory, trained.directory)));
  return load_transformer(directory.model());
}

}  // namespace gramian::mesa_optimisation
