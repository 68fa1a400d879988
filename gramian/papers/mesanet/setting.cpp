#include "gramian/papers/mesanet/setting.h"

#include <fmt/format.h>

#include <vector>

namespace gramian::mesanet {

namespace {

constexpr int kVocabulary = 64, kLayers = 2, kWidth = 32, kHeads = 1, kBatch = 32;
constexpr std::int64_t kSteps = 1000, kQuickSteps = 40;
constexpr int kSeeds = 3;
// One rate for all mixers: the better of 0.005 and 0.02 for each state of fixed size in trials with
// another size and another seed; softmax learns with both (docs/mesanet.md).
constexpr double kRate = 0.02;
// Where all answers are right, gradients are so small that Adam with an epsilon of 1e-8 throws a
// network away at the first prompt that it does not answer.
constexpr double kEpsilon = 1e-5;

std::int64_t steps_of(const Effort& effort) { return effort.steps_of(kSteps, kQuickSteps); }

std::string_view word_of(RecallKind kind) {
  constexpr std::string_view kWords[] = {"associative", "noisy", "copying"};
  return kWords[static_cast<int>(kind)];
}

std::string_view word_of(Mixing mixing) {
  constexpr std::string_view kWords[] = {"mesa", "delta", "gated", "linear", "softmax"};
  return kWords[static_cast<int>(mixing)];
}

// What is particular to a mixer.
std::vector<std::string> mixer_settings(Mixing mixing) {
  switch (mixing) {
    case Mixing::mesa:
      return {"model.mixer=mesa",     "model.gates=both",       "model.decay_cap=0.9975",
              "model.ridge=softplus", "model.least_ridge=0.25", "model.unit_keys=true"};
    case Mixing::delta:
      return {"model.mixer=delta", "model.gates=both", "model.unit_keys=true"};
    case Mixing::gated:
      return {"model.mixer=linear", "model.gates=both", "model.unit_keys=true"};
    case Mixing::linear:
      return {"model.mixer=linear"};
    case Mixing::softmax:
      return {fmt::format("model.softmax_layers={}", kLayers)};
  }
  return {};
}

std::vector<Config> starts(const Setting& setting, int seed, const Effort& effort) {
  std::vector<std::string> settings{"task.family=recall",
                                    fmt::format("task.recall={}", word_of(setting.kind)),
                                    fmt::format("task.tokens={}", setting.size.tokens),
                                    fmt::format("task.vocabulary={}", kVocabulary),
                                    fmt::format("task.items={}", setting.size.items),
                                    "model.kind=transformer",
                                    fmt::format("model.layers={}", kLayers),
                                    fmt::format("model.embedding={}", kWidth),
                                    fmt::format("model.heads={}", kHeads),
                                    fmt::format("model.key_size={}", kKeySize),
                                    "model.convolution=4",
                                    "model.mixer_norm=rms",
                                    "model.norm_heads=true",
                                    "model.context_scale=sum",
                                    "model.init_noise=0.5",
                                    "train.robust=0",
                                    fmt::format("train.learning_rate={}", kRate),
                                    fmt::format("train.epsilon={}", kEpsilon),
                                    "train.clip_norm=1",
                                    fmt::format("train.batch={}", kBatch),
                                    fmt::format("train.steps={}", steps_of(effort)),
                                    fmt::format("train.seed={}", seed),
                                    "train.threads=1"};
  for (std::string& one : mixer_settings(setting.mixing)) settings.push_back(std::move(one));
  return {parse_config("", "recipe", settings).value()};
}

Examination examination(const Effort& effort) {
  Examination e;
  e.prompts = effort.quick ? 128 : 1'000;
  return e;
}

}  // namespace

std::string_view title_of(Mixing mixing) {
  constexpr std::string_view kTitles[] = {"mesa layer", "gated delta rule",
                                          "gated linear attention", "linear attention", "softmax"};
  return kTitles[static_cast<int>(mixing)];
}

std::string_view title_of(RecallKind kind) {
  constexpr std::string_view kTitles[] = {"associative recall", "noisy recall",
                                          "selective copying"};
  return kTitles[static_cast<int>(kind)];
}

int state_size(Mixing mixing, int tokens) {
  const int matrix = kKeySize * kKeySize;
  switch (mixing) {
    case Mixing::mesa:
      return 2 * matrix;  // G and H
    case Mixing::softmax:
      return 2 * kKeySize * tokens;  // all keys and values
    default:
      return matrix;
  }
}

TokenTask task_of(RecallKind kind, const Size& size) {
  const RecallSpec spec{
      .kind = kind, .tokens = size.tokens, .vocabulary = kVocabulary, .items = size.items};
  return TokenTask(recall_tokens(spec).value());
}

int answers_of(RecallKind kind) {
  return kind == RecallKind::copying ? kVocabulary - 2 : kVocabulary / 2;
}

std::string Setting::name() const {
  return fmt::format("{}-{}-T{}-K{}", word_of(mixing), word_of(kind), size.tokens, size.items);
}

Cell Setting::cell() const {
  const std::string problem =
      fmt::format("{}, T = {}, {} items", title_of(kind), size.tokens, size.items);
  return {.name = name(),
          .title = fmt::format("{}, {}", title_of(mixing), problem),
          .group = problem,
          .kind = std::string(title_of(mixing)),
          .layers = kLayers,
          .problem = problem,
          .starts = [setting = *this](
                        int seed, const Effort& e) { return mesanet::starts(setting, seed, e); },
          .seeds = kSeeds,
          .examination = examination};
}

std::string recipe(const Effort& effort) {
  return fmt::format(
      "T = {} and {} items (copying: {} and {}) of a vocabulary of {} (docs/sequence.md has the "
      "generators). {} blocks, tokens of {} "
      "numbers, a head of {}; a norm before each mixer, a convolution of four tokens on queries, "
      "keys and values, SiLU on queries and keys, a norm of what a head reads; no positions, no "
      "MLP. Mesa, delta and gated linear attention: decays and strengths learned, queries and keys "
      "of length 1; mesa: ridge of at least 0.25, solved exactly. {} steps of Adam on {} fresh "
      "prompts, rate {} with cosine decay, epsilon {}, the same for "
      "all.\n",
      kMainSize.tokens, kMainSize.items, kCopyingSize.tokens, kCopyingSize.items, kVocabulary,
      kLayers, kWidth, kKeySize, steps_of(effort), kBatch, kRate, kEpsilon);
}

}  // namespace gramian::mesanet
