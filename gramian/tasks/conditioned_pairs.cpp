#include "gramian/tasks/conditioned_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>
#include <vector>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"
#include "gramian/base/words.h"
#include "gramian/lanes/block.h"
#include "gramian/random/prompt_words.h"
#include "gramian/tasks/keys.h"
#include "gramian/tasks/token_families.h"

namespace gramian {

namespace {

constexpr auto kResponses = words<Response>(
    {{Response::linear, "linear"}, {Response::sign, "sign"}, {Response::bernoulli, "bernoulli"}});

// The first draws of a prompt are its noise level and w, the next its inputs and what is random in
// its targets; those of a covariance lie far above them.
constexpr std::size_t kLevelDraw = 0, kPairDraws = 1, kCovarianceDraws = std::size_t{1} << 28;

// Normal and uniform numbers of one prompt, one after another.
class Numbers {
 public:
  Numbers(const PromptWords& words, std::size_t first) : words_(words), next_(first) {}

  double uniform() {
    if (used_ == 4) {
      draw_ = words_(next_++);
      used_ = 0;
    }
    return unit_of(draw_[used_++]);
  }
  // Box-Muller, of which the second number is kept for the next call.
  double normal() {
    if (kept_) {
      const double value = *kept_;
      kept_.reset();
      return value;
    }
    const double radius = std::sqrt(-2 * std::log(uniform()));
    const double angle = 2 * std::numbers::pi * uniform();
    kept_ = radius * std::sin(angle);
    return radius * std::cos(angle);
  }

 private:
  PromptWords words_;
  std::size_t next_;
  std::array<std::uint32_t, 4> draw_{};
  std::size_t used_ = 4;
  std::optional<double> kept_;
};

// U diag(sqrt(l)), row-major [d, d], of the group of prompts that share one.
std::vector<double> covariance_factor(const ConditionedSpec& spec, const PhiloxAddress& address,
                                      std::uint32_t group) {
  PhiloxAddress of_group = address;
  of_group.first = group;
  Numbers numbers(PromptWords(of_group, 0), kCovarianceDraws);
  const auto d = static_cast<Eigen::Index>(spec.d);
  const double largest = spec.lowest + (spec.highest - spec.lowest) * numbers.uniform();
  const double least = largest / spec.condition;
  std::vector<double> roots{std::sqrt(largest)};
  for (int i = 1; i < spec.d; ++i) {
    const double inside = least + (largest - least) * numbers.uniform();
    roots.push_back(std::sqrt(i == 1 ? least : inside));
  }
  Eigen::MatrixXd random(d, d);
  for (double& entry : random.reshaped()) entry = numbers.normal();
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(random);
  // The columns take the signs of R, without which the law of U would not be that of rotations.
  const Eigen::MatrixXd q = qr.householderQ();
  std::vector<double> factor;
  for (Eigen::Index i = 0; i < d; ++i) {
    for (Eigen::Index j = 0; j < d; ++j) {
      const double sign = qr.matrixQR()(j, j) < 0 ? -1 : 1;
      factor.push_back(sign * q(i, j) * roots[static_cast<std::size_t>(j)]);
    }
  }
  return factor;
}

template <class T>
class ConditionedSampler final : public PairSampler<T> {
 public:
  explicit ConditionedSampler(const ConditionedSpec& spec) : spec_(spec) {}

  void sample(const PhiloxAddress& address, int count, PairPlaces<T>& to) override {
    for (std::size_t p = 0; p < static_cast<std::size_t>(count); ++p) sample_prompt(address, p, to);
  }

 private:
  void use_covariance(const PhiloxAddress& address, std::size_t p) {
    const std::uint32_t group =
        (address.first + static_cast<std::uint32_t>(p)) / static_cast<std::uint32_t>(spec_.shared);
    const Group wanted{address.seed, address.stream, address.step, group};
    if (known_ == wanted) return;
    factor_ = covariance_factor(spec_, address, group);
    known_ = wanted;
  }

  // How much of a prompt is not zero.
  struct Stage {
    int inputs, pairs;
  };
  Stage stage_of(const PhiloxAddress& address) const {
    if (spec_.curriculum == 0 || address.stream != kTrainingStream) return {spec_.d, spec_.n};
    const auto passed = address.step / static_cast<std::uint32_t>(spec_.curriculum);
    const int inputs = passed >= static_cast<std::uint32_t>(spec_.d)
                           ? spec_.d
                           : std::min(spec_.d, 2 + static_cast<int>(passed));
    const auto pairs = (static_cast<long>(spec_.n) * inputs + spec_.d - 1) / spec_.d;
    return {inputs, static_cast<int>(pairs)};
  }

  void sample_prompt(const PhiloxAddress& address, std::size_t p, PairPlaces<T>& to) {
    use_covariance(address, p);
    const auto d = static_cast<std::size_t>(spec_.d);
    const PromptWords words(address, p);
    const auto level = words(kLevelDraw);
    const double sigma = spec_.noise.draw(unit_of(level[0]), unit_of(level[1]));
    const Stage stage = stage_of(address);
    Numbers numbers(words, kPairDraws);
    std::vector<double> w(d), x(d), z(d);
    for (double& number : w) number = numbers.normal();
    std::fill(w.begin() + stage.inputs, w.end(), 0.0);
    for (std::size_t i = 0; i < d; ++i) to.truth()[i * kLanes + p] = static_cast<T>(w[i]);
    for (std::size_t j = 0; j <= static_cast<std::size_t>(spec_.n); ++j) {
      for (double& number : z) number = numbers.normal();
      draw_input(z, x);
      const bool query = j == static_cast<std::size_t>(spec_.n);
      const bool is_there = query || j < static_cast<std::size_t>(stage.pairs);
      std::fill(x.begin() + (is_there ? stage.inputs : 0), x.end(), 0.0);
      double t = 0;
      for (std::size_t i = 0; i < d; ++i) {
        t += w[i] * x[i];
        to.x(j)[i * kLanes + p] = static_cast<T>(x[i]);
      }
      const double y = answer(t, query ? 0 : sigma, numbers);
      (query ? to.target() : to.y(j))[p] = static_cast<T>(is_there ? y : 0);
    }
  }

  void draw_input(const std::vector<double>& z, std::vector<double>& x) const {
    double squares = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = 0;
      for (std::size_t k = 0; k < z.size(); ++k) x[i] += factor_[i * z.size() + k] * z[k];
      squares += x[i] * x[i];
    }
    if (!spec_.unit_norm || squares == 0) return;
    for (double& number : x) number /= std::sqrt(squares);
  }

  double answer(double t, double sigma, Numbers& numbers) const {
    switch (spec_.response) {
      case Response::linear:
        return sigma > 0 ? t + sigma * numbers.normal() : t;
      case Response::sign:
        return t > 0 ? 1 : -1;
      case Response::bernoulli:
        return numbers.uniform() < 1 / (1 + std::exp(-t)) ? 1 : -1;
    }
    return 0;
  }

  struct Group {
    std::uint64_t seed;
    std::uint32_t stream, step, group;
    bool operator==(const Group&) const = default;
  };
  ConditionedSpec spec_;
  std::optional<Group> known_;  // whose factor is here
  std::vector<double> factor_;
};

class ConditionedPairs final : public PairTask {
 public:
  explicit ConditionedPairs(ConditionedSpec spec) : spec_(std::move(spec)) {}

  int n() const override { return spec_.n; }
  int d() const override { return spec_.d; }
  int truth() const override { return spec_.d; }
  bool has_labels() const override { return spec_.response != Response::linear; }
  std::string describe() const override {
    return fmt::format("{} with inputs of condition number {}, d = {}",
                       spec_.response == Response::linear ? "linear regression"
                       : spec_.response == Response::sign ? "labels by sign"
                                                          : "labels by chance",
                       spec_.condition, spec_.d);
  }
  std::unique_ptr<PairSampler<float>> sampler(float) const override {
    return std::make_unique<ConditionedSampler<float>>(spec_);
  }
  std::unique_ptr<PairSampler<double>> sampler(double) const override {
    return std::make_unique<ConditionedSampler<double>>(spec_);
  }

 private:
  ConditionedSpec spec_;
};

constexpr Key conditioned(const Key& key) { return key::only("transformer", key); }

constexpr auto kConditionedKeys = key::all_affect(
    Affects::prompts,
    std::array{
        conditioned(key::number("task.condition", "1", key::closed(1, 1e8),
                                "conditioned: condition number of the covariance of the inputs")),
        conditioned(key::numbers("task.largest", "[1, 1]", key::above(0, 1e6),
                                 "conditioned: low and high of its largest eigenvalue, which is "
                                 "uniform")),
        conditioned(key::integer("task.shared", "1", 1, 1e9,
                                 "conditioned: prompts in a row that share one covariance; "
                                 "train.batch for one a batch")),
        conditioned(key::choice("task.response", "linear", kResponses.list(),
                                "conditioned: what y is: <w, x> and noise; its sign; or a label "
                                "that is 1 with probability sigmoid(<w, x>)")),
        conditioned(key::integer("task.curriculum", "0", 0, 1e9,
                                 "conditioned: the first steps of training have two inputs, and "
                                 "one more after each so many steps, and pairs in proportion; the "
                                 "rest is zero; 0: all from the beginning")),
        conditioned(key::boolean("task.unit_norm", "false",
                                 "conditioned: inputs are divided by their length")),
    });

Expected<std::shared_ptr<const PairTask>> make_conditioned(const Settings& settings) {
  const std::vector<double>& largest = settings.numbers("task.largest");
  if (largest.size() != 2) {
    return fail(ErrorKind::config, "[task.largest] must be [low, high], got {} numbers ({})",
                largest.size(), settings.where("task.largest"));
  }
  const auto task = GRAMIAN_TRY(task_spec(settings));
  return conditioned_pairs({.d = task.d,
                            .n = task.n,
                            .condition = settings.number("task.condition"),
                            .lowest = largest[0],
                            .highest = largest[1],
                            .shared = static_cast<int>(settings.integer("task.shared")),
                            .response = kResponses.value(settings.text("task.response")),
                            .unit_norm = settings.boolean("task.unit_norm"),
                            .noise = task.noise,
                            .curriculum = static_cast<int>(settings.integer("task.curriculum"))});
}

}  // namespace

extern const TokenFamily conditioned_token_family;
constinit const TokenFamily conditioned_token_family{
    .name = "conditioned", .keys = kConditionedKeys, .make = make_conditioned};

Expected<std::shared_ptr<const PairTask>> conditioned_pairs(const ConditionedSpec& spec) {
  if (spec.d < 1 || spec.n < 1) {
    return fail(ErrorKind::config, "[task.d] and [task.n] must be at least 1, got {} and {}",
                spec.d, spec.n);
  }
  if (!(spec.condition >= 1) || !std::isfinite(spec.condition)) {
    return fail(ErrorKind::config, "[task.condition] must be at least 1 and finite, got {}",
                spec.condition);
  }
  if (!(spec.lowest > 0 && spec.lowest <= spec.highest && std::isfinite(spec.highest))) {
    return fail(ErrorKind::config,
                "[task.largest] must be [low, high] with 0 < low <= high, got [{}, {}]",
                spec.lowest, spec.highest);
  }
  if (spec.shared < 1)
    return fail(ErrorKind::config, "[task.shared] must be at least 1, got {}", spec.shared);
  if (spec.curriculum < 0 || (spec.curriculum > 0 && spec.response != Response::linear)) {
    return fail(ErrorKind::config,
                "[task.curriculum] must be at least 0, and is for [task.response] linear: labels "
                "are never zero; got {}",
                spec.curriculum);
  }
  return std::make_shared<ConditionedPairs>(spec);
}

}  // namespace gramian
