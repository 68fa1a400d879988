#include "gramian/tasks/sequence_tokens.h"

#include <array>
#include <string_view>

#include "gramian/base/words.h"
#include "gramian/lanes/view.h"
#include "gramian/tasks/token_families.h"

namespace gramian {

namespace {

template <class T>
class SequenceBlocks final : public BlockSampler<T> {
 public:
  explicit SequenceBlocks(const SequenceSpec& spec) : spec_(spec), sampler_(spec) {}

  void sample(const PhiloxAddress& address, int count, TokenBlock<T>& block) override {
    const auto tokens = static_cast<std::size_t>(spec_.tokens);
    const LaneView<T> e(block.tokens.data(), tokens, static_cast<std::size_t>(spec_.width()));
    const LaneView<T> next(block.target.data(), tokens, static_cast<std::size_t>(spec_.observed));
    const LaneView<T> weights(block.weights.data(), tokens);
    for (std::size_t p = 0; p < static_cast<std::size_t>(count); ++p) {
      const SequencePrompt<T> prompt = sampler_.sample(address, p);
      e.copy_in(p, prompt.tokens.data());
      next.copy_in(p, prompt.targets.data());
      weights.copy_in(p, prompt.weights.data());
      LaneView<T>(block.truth.data(), prompt.truth.size()).copy_in(p, prompt.truth.data());
    }
  }

 private:
  SequenceSpec spec_;
  SequenceSampler<T> sampler_;
};

class SequenceTokens final : public TokenSource {
 public:
  explicit SequenceTokens(const SequenceSpec& spec) : spec_(spec) {}

  int tokens() const override { return spec_.tokens; }
  int width() const override { return spec_.width(); }
  Answers answers() const override {
    return {.positions = spec_.tokens, .outputs = spec_.observed};
  }
  int truth() const override { return spec_.state * spec_.state; }
  std::optional<int> observation() const override {
    return spec_.layout == SequenceLayout::raw ? 0 : spec_.observed;
  }
  std::string describe() const override { return spec_.describe(); }
  std::unique_ptr<BlockSampler<float>> sampler(float) const override {
    return std::make_unique<SequenceBlocks<float>>(spec_);
  }
  std::unique_ptr<BlockSampler<double>> sampler(double) const override {
    return std::make_unique<SequenceBlocks<double>>(spec_);
  }

 private:
  SequenceSpec spec_;
};

constexpr auto kSystems = words<SequenceFamily>({{SequenceFamily::linear, "linear"},
                                                 {SequenceFamily::nonlinear, "nonlinear"},
                                                 {SequenceFamily::contracting, "contracting"},
                                                 {SequenceFamily::fixed, "fixed"},
                                                 {SequenceFamily::regression, "regression"}});
constexpr auto kSequenceLayouts =
    words<SequenceLayout>({{SequenceLayout::raw, "raw"},
                           {SequenceLayout::constructed, "constructed"},
                           {SequenceLayout::pairs, "pairs"}});
constexpr auto kStarts =
    words<SequenceStart>({{SequenceStart::uniform, "uniform"}, {SequenceStart::normal, "normal"}});

constexpr Key of_transformers(const Key& key) { return key::only("transformer", key); }

constexpr auto kSequenceKeys = key::all_affect(
    Affects::prompts,
    std::array{
        of_transformers(key::choice(
            "task.system", "linear", kSystems.list(),
            "sequence: what makes the next state: an orthogonal matrix of each prompt (linear); "
            "the "
            "same after a fixed network of one hidden layer (nonlinear); a matrix with eigenvalues "
            "in [0.3, 0.9] (contracting); one orthogonal matrix for all prompts (fixed); or inputs "
            "and targets of a linear regression in turn (regression)")),
        of_transformers(
            key::integer("task.tokens", "50", 2, 4096, "sequence, recall: tokens T of a prompt")),
        of_transformers(key::integer("task.state", "0", 0, kMaxSequenceState,
                                     "sequence: numbers of the state, of which task.d are "
                                     "observed through a random matrix; 0: task.d, and the "
                                     "observation is the state")),
        of_transformers(key::choice(
            "task.slots", "raw", kSequenceLayouts.list(),
            "sequence: what a token holds: the observation s_t (raw); (0, s_t, s_t, s_{t-1}), "
            "which has the previous one too (constructed); or (0, s_t, s_{t-1}) (pairs)")),
        of_transformers(key::choice("task.start", "uniform", kStarts.list(),
                                    "sequence: law of the first state, U(-1, 1) or N(0, I)")),
        of_transformers(key::number("task.step_noise", "0.01", key::closed(0, kSequenceClip),
                                    "sequence: standard deviation of the noise of each step, and "
                                    "of each observation where it is partial")),
        of_transformers(key::boolean("task.clean_targets", "false",
                                     "sequence: targets are without the noise of their step")),
        of_transformers(key::integer("task.teacher", "0", 0, key::kLargestSeed,
                                     "sequence: seed of what all prompts share: of systems "
                                     "nonlinear and fixed")),
    });

constexpr std::array<UnusedKey, 8> kUnusedBySequences{{
    {"task.n", "its length is task.tokens"},
    {"task.layout", "what a token holds is task.slots"},
    {"task.noise", "its noise is task.step_noise"},
    {"task.sigma", "its noise is task.step_noise"},
    {"task.covariance", "states follow from task.system"},
    {"task.inputs", "states follow from task.system"},
    {"task.weights", "states follow from task.system"},
    {"task.pool", "one system for all prompts is task.system fixed"},
}};

Expected<std::shared_ptr<const TokenSource>> make_sequences(const Settings& settings) {
  const int d = static_cast<int>(settings.integer("task.d"));
  const int state = static_cast<int>(settings.integer("task.state"));
  return sequence_tokens({.family = kSystems.value(settings.text("task.system")),
                          .layout = kSequenceLayouts.value(settings.text("task.slots")),
                          .start = kStarts.value(settings.text("task.start")),
                          .tokens = static_cast<int>(settings.integer("task.tokens")),
                          .state = state > 0 ? state : d,
                          .observed = d,
                          .noise = settings.number("task.step_noise"),
                          .clean = settings.boolean("task.clean_targets"),
                          .teacher = static_cast<std::uint64_t>(settings.integer("task.teacher"))});
}

}  // namespace

extern const TokenFamily sequence_token_family;
constinit const TokenFamily sequence_token_family{.name = "sequence",
                                                  .keys = kSequenceKeys,
                                                  .unused = kUnusedBySequences,
                                                  .make_source = make_sequences};

Expected<std::shared_ptr<const TokenSource>> sequence_tokens(const SequenceSpec& spec) {
  if (spec.observed > spec.state) {
    return fail(ErrorKind::config,
                "[task.d] must be at most [task.state], {}: of a state of so many numbers not more "
                "are observed, got {}",
                spec.state, spec.observed);
  }
  if (spec.observed > kMaxSequenceState) {
    return fail(ErrorKind::config, "[task.d] must be at most {} for sequences, got {}",
                kMaxSequenceState, spec.observed);
  }
  if (spec.family == SequenceFamily::regression && spec.observed != spec.state) {
    return fail(ErrorKind::config,
                "[task.state] must be 0 for [task.system] regression, which has no state, got {}",
                spec.state);
  }
  GRAMIAN_TRY(spec.check());
  return std::make_shared<SequenceTokens>(spec);
}

}  // namespace gramian
