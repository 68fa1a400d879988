#include "gramian/tasks/pattern_pairs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "gramian/lanes/block.h"
#include "gramian/random/prompt_words.h"
#include "gramian/tasks/token_families.h"

namespace gramian {

namespace {

// The first draw is the class and the patterns of the prompt; then come the patterns of the tokens,
// four a draw, and from kNoiseDraws on the noise, two normal numbers a draw.
constexpr std::uint32_t kClassDraw = 0, kTokenDraws = 1, kNoiseDraws = 1u << 16;

// One of `count` numbers from 0.
std::size_t index_of(std::uint32_t word, int count) {
  return static_cast<std::size_t>(unit_of(word) * count);
}

template <class T>
class PatternSampler final : public PairSampler<T> {
 public:
  explicit PatternSampler(const PatternSpec& spec) : spec_(spec) {}

  void sample(const PhiloxAddress& address, int count, PairPlaces<T>& to) override {
    for (std::size_t p = 0; p < static_cast<std::size_t>(count); ++p) sample_prompt(address, p, to);
  }

 private:
  void sample_prompt(const PhiloxAddress& address, std::size_t p, PairPlaces<T>& to) const {
    const PromptWords words(address, p);
    const auto law = words(kClassDraw);
    const bool positive = unit_of(law[0]) < spec_.positive_share;
    const int of_class = spec_.relevant / 2, irrelevant = spec_.patterns - spec_.relevant;
    const auto relevant = static_cast<std::size_t>(spec_.relevant_tokens()),
               confusing = static_cast<std::size_t>(spec_.confusing_tokens());
    to.target()[p] = positive ? T(1) : T(-1);
    auto draw = law;
    for (std::size_t j = 0; j < static_cast<std::size_t>(spec_.n); ++j) {
      if (j % 4 == 0) draw = words(kTokenDraws + j / 4);
      const bool own = j < relevant;
      std::size_t pattern = 0;
      if (j < relevant + confusing) {
        const std::uint32_t choice = spec_.mixed ? draw[j % 4] : law[own ? 1 : 2];
        pattern = 2 * index_of(choice, of_class) + (own == positive ? 0 : 1);
      } else {
        pattern = static_cast<std::size_t>(spec_.relevant) + index_of(draw[j % 4], irrelevant);
      }
      if (j == 0) to.truth()[p] = static_cast<T>(pattern);
      T* x = to.x(j);
      x[pattern * kLanes + p] = T(1);
      add_noise(words, j, p, x);
    }
  }

  // Two normal numbers a draw (Box-Muller).
  void add_noise(const PromptWords& words, std::size_t j, std::size_t p, T* x) const {
    if (spec_.noise == 0) return;
    const auto d = static_cast<std::size_t>(spec_.d);
    const double scale = spec_.noise / std::sqrt(spec_.d);
    for (std::size_t i = 0; i < d; i += 2) {
      const auto draw = words(kNoiseDraws + j * ((d + 1) / 2) + i / 2);
      const double radius = scale * std::sqrt(-2 * std::log(unit_of(draw[0])));
      const double angle = 2 * std::numbers::pi * unit_of(draw[1]);
      x[i * kLanes + p] += static_cast<T>(radius * std::cos(angle));
      if (i + 1 < d) x[(i + 1) * kLanes + p] += static_cast<T>(radius * std::sin(angle));
    }
  }

  PatternSpec spec_;
};

class PatternPairs final : public PairTask {
 public:
  explicit PatternPairs(const PatternSpec& spec) : spec_(spec) {}

  int n() const override { return spec_.n; }
  int d() const override { return spec_.d; }
  int truth() const override { return 1; }
  bool labels_inputs() const override { return true; }
  std::string describe() const override {
    return fmt::format("patterns with a majority label, {} relevant of {}, d = {}", spec_.relevant,
                       spec_.patterns, spec_.d);
  }
  std::unique_ptr<PairSampler<float>> sampler(float) const override {
    return std::make_unique<PatternSampler<float>>(spec_);
  }
  std::unique_ptr<PairSampler<double>> sampler(double) const override {
    return std::make_unique<PatternSampler<double>>(spec_);
  }

 private:
  PatternSpec spec_;
};

constexpr Key transformer(const Key& key) { return key::only("transformer", key); }

constexpr auto kPatternKeys = key::all_affect(
    Affects::prompts,
    std::array{
        transformer(key::integer("task.patterns", "10", 2, 1024,
                                 "patterns: how many orthonormal patterns tokens show, at most "
                                 "task.d")),
        transformer(key::integer("task.relevant", "2", 2, 1024,
                                 "patterns: how many of them decide the label, half of them for "
                                 "each class")),
        transformer(key::boolean("task.mixed", "false",
                                 "patterns: each relevant token draws one of the patterns of its "
                                 "class, and not all of a prompt one in common")),
        transformer(key::number("task.relevant_share", "0.3", key::above(0, 1),
                                "patterns: share of the tokens that show the class of the label")),
        transformer(key::number("task.confusing_share", "0.1", key::below(0, 1),
                                "patterns: share of the tokens that show the other class")),
        transformer(key::number("task.token_noise", "0.1", key::closed(0, 100),
                                "patterns: noise of a token, root of d times the standard "
                                "deviation of one number")),
        transformer(key::number("task.positive_share", "0.5", key::closed(0, 1),
                                "patterns: share of prompts with the label 1")),
    });

Expected<std::shared_ptr<const PairTask>> make_patterns(const Settings& settings) {
  const auto integer = [&](const char* key) { return static_cast<int>(settings.integer(key)); };
  return pattern_pairs({.d = integer("task.d"),
                        .n = integer("task.n"),
                        .patterns = integer("task.patterns"),
                        .relevant = integer("task.relevant"),
                        .mixed = settings.boolean("task.mixed"),
                        .relevant_share = settings.number("task.relevant_share"),
                        .confusing_share = settings.number("task.confusing_share"),
                        .noise = settings.number("task.token_noise"),
                        .positive_share = settings.number("task.positive_share")});
}

}  // namespace

extern const TokenFamily pattern_token_family;
constinit const TokenFamily pattern_token_family{
    .name = "patterns", .keys = kPatternKeys, .make = make_patterns};

int PatternSpec::relevant_tokens() const {
  return static_cast<int>(std::lround(relevant_share * n));
}

int PatternSpec::confusing_tokens() const {
  return static_cast<int>(std::lround(confusing_share * n));
}

Expected<std::shared_ptr<const PairTask>> pattern_pairs(const PatternSpec& spec) {
  const int relevant = spec.relevant_tokens(), confusing = spec.confusing_tokens();
  if (spec.n < 2) return fail(ErrorKind::config, "[task.n] must be at least 2, got {}", spec.n);
  if (spec.patterns < 2 || spec.patterns > spec.d) {
    return fail(ErrorKind::config, "[task.patterns] must be in [2, {}], [task.d], got {}", spec.d,
                spec.patterns);
  }
  if (spec.relevant < 2 || spec.relevant % 2 != 0 || spec.relevant > spec.patterns) {
    return fail(ErrorKind::config, "[task.relevant] must be even and in [2, {}], got {}",
                spec.patterns, spec.relevant);
  }
  if (!(spec.noise >= 0 && spec.positive_share >= 0 && spec.positive_share <= 1)) {
    return fail(ErrorKind::config,
                "[task.token_noise] must be >= 0 and [task.positive_share] in [0, 1], got {} and "
                "{}",
                spec.noise, spec.positive_share);
  }
  if (confusing < 0 || confusing >= relevant || relevant + confusing > spec.n) {
    return fail(ErrorKind::config,
                "[task.relevant_share] and [task.confusing_share] must leave more tokens of the "
                "class than of the other, and at most n of both, got {} and {} of {}",
                relevant, confusing, spec.n);
  }
  if (relevant + confusing < spec.n && spec.relevant == spec.patterns) {
    return fail(ErrorKind::config,
                "[task.patterns] must be larger than [task.relevant], {}: {} tokens show "
                "irrelevant patterns",
                spec.relevant, spec.n - relevant - confusing);
  }
  return std::make_shared<PatternPairs>(spec);
}

}  // namespace gramian
