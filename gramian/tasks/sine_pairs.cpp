#include "gramian/tasks/sine_pairs.h"

#include <array>
#include <cmath>
#include <numbers>

#include "gramian/lanes/block.h"
#include "gramian/random/prompt_words.h"
#include "gramian/tasks/token_families.h"

namespace gramian {

namespace {

// The first draw is amplitude and phase, the others are four inputs each, the query the last input.
constexpr std::uint32_t kLawDraw = 0, kInputDraws = 1;

template <class T>
class SineSampler final : public PairSampler<T> {
 public:
  SineSampler(int n, const SineSpec& sine) : n_(static_cast<std::size_t>(n)), sine_(sine) {}

  void sample(const PhiloxAddress& address, int count, PairPlaces<T>& to) override {
    for (std::size_t p = 0; p < static_cast<std::size_t>(count); ++p) {
      const PromptWords words(address, p);
      const auto law = words(kLawDraw);
      const double amplitude = sine_.low + (sine_.high - sine_.low) * unit_of(law[0]);
      const double phase = std::numbers::pi * unit_of(sine_.correlated ? law[0] : law[1]);
      to.truth()[p] = static_cast<T>(amplitude);
      to.truth()[kLanes + p] = static_cast<T>(phase);
      auto draw = law;
      for (std::size_t j = 0; j <= n_; ++j) {
        if (j % 4 == 0) draw = words(kInputDraws + j / 4);
        const double x = kSineRange * (2 * unit_of(draw[j % 4]) - 1);
        const double y = amplitude * std::sin(x + phase);
        to.x(j)[p] = static_cast<T>(x);
        (j < n_ ? to.y(j) : to.target())[p] = static_cast<T>(y);
      }
    }
  }

 private:
  std::size_t n_;
  SineSpec sine_;
};

class SinePairs final : public PairTask {
 public:
  SinePairs(int n, const SineSpec& sine) : n_(n), sine_(sine) {}

  int n() const override { return n_; }
  int d() const override { return 1; }
  int truth() const override { return 2; }
  std::string describe() const override { return "sines"; }
  std::unique_ptr<PairSampler<float>> sampler(float) const override {
    return std::make_unique<SineSampler<float>>(n_, sine_);
  }
  std::unique_ptr<PairSampler<double>> sampler(double) const override {
    return std::make_unique<SineSampler<double>>(n_, sine_);
  }

 private:
  int n_;
  SineSpec sine_;
};

constexpr auto kSineKeys = key::all_affect(
    Affects::prompts,
    std::array{
        key::only("transformer", key::numbers("task.amplitude", "[0.1, 0.5]", key::at_least(0),
                                              "sine: low and high of the uniform amplitude a")),
        key::only("transformer",
                  key::boolean("task.correlated", "false",
                               "sine: amplitude and phase come from one uniform number")),
    });

Expected<std::shared_ptr<const PairTask>> make_sines(const Settings& settings) {
  const std::vector<double>& amplitude = settings.numbers("task.amplitude");
  if (amplitude.size() != 2) {
    return fail(ErrorKind::config, "[task.amplitude] must be [low, high], got {} numbers ({})",
                amplitude.size(), settings.where("task.amplitude"));
  }
  return sine_pairs(static_cast<int>(settings.integer("task.n")),
                    {amplitude[0], amplitude[1], settings.boolean("task.correlated")});
}

}  // namespace

extern const TokenFamily sine_token_family;
constinit const TokenFamily sine_token_family{
    .name = "sine", .keys = kSineKeys, .make = make_sines};

Expected<std::shared_ptr<const PairTask>> sine_pairs(int n, const SineSpec& sine) {
  if (n < 1) return fail(ErrorKind::config, "[task.n] must be at least 1, got {}", n);
  if (!(sine.low >= 0 && sine.low <= sine.high && std::isfinite(sine.high))) {
    return fail(ErrorKind::config,
                "[task.amplitude] must be [low, high] with 0 <= low <= high, got [{}, {}]",
                sine.low, sine.high);
  }
  return std::make_shared<SinePairs>(n, sine);
}

}  // namespace gramian
