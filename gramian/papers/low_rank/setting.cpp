#include "gramian/papers/low_rank/setting.h"

#include <fmt/format.h>

#include <cmath>

namespace gramian::low_rank {

namespace {

constexpr int kWidth = 20, kNeurons = 100, kPatterns = 10;
constexpr std::int64_t kSteps = 400, kQuickSteps = 100;
constexpr double kWeightNoise = 0.01;

std::int64_t steps_of(const Effort& effort) { return effort.steps_of(kSteps, kQuickSteps); }

std::vector<Config> starts(const Setting& setting, int seed, const Effort& effort) {
  const PatternSpec task = setting.task();
  return {parse_config("", "recipe",
                       {"task.family=patterns",
                        "task.layout=inputs",
                        fmt::format("task.d={}", task.d),
                        fmt::format("task.n={}", task.n),
                        fmt::format("task.patterns={}", task.patterns),
                        fmt::format("task.relevant={}", task.relevant),
                        fmt::format("task.mixed={}", task.mixed),
                        fmt::format("task.relevant_share={}", task.relevant_share),
                        fmt::format("task.confusing_share={}", task.confusing_share),
                        fmt::format("task.token_noise={}", task.noise),
                        fmt::format("task.positive_share={}", task.positive_share),
                        "model.kind=transformer",
                        "model.layers=1",
                        "model.softmax_layers=1",
                        "model.query_in_keys=true",
                        fmt::format("model.neurons={}", kNeurons),
                        fmt::format("model.init_noise={}", kWeightNoise * std::sqrt(kWidth)),
                        fmt::format("model.init_query_key={}", setting.gain),
                        "model.init_value=0.5",
                        "train.loss=hinge",
                        "train.robust=0",
                        "train.optimiser=sgd",
                        "train.learning_rate=0.5",
                        "train.schedule=constant",
                        "train.final_learning_rate=1",
                        "train.warmup=0",
                        "train.clip_norm=0",
                        "train.batch=100",
                        fmt::format("train.steps={}", steps_of(effort)),
                        fmt::format("train.seed={}", seed),
                        "train.threads=1",
                        "train.log_every=10"})
              .value()};
}

Examination examination(const Effort& effort) {
  Examination e;
  e.prompts = effort.quick ? 500 : 10'000;
  return e;
}

}  // namespace

std::string Setting::name() const {
  std::string name = fmt::format("{}-patterns", relevant);
  if (mixed) name += "-mixed";
  if (gain != Setting{}.gain) name += fmt::format("-gain-{}", gain);
  if (noise != Setting{}.noise) name += fmt::format("-noise-{}", noise);
  if (tokens != Setting{}.tokens) name += fmt::format("-tokens-{}", tokens);
  if (positive != Setting{}.positive) name += fmt::format("-positive-{}", positive);
  return name;
}

std::string Setting::title() const {
  std::string title = fmt::format("{} relevant patterns", relevant);
  if (mixed) title += ", mixed in a prompt";
  if (gain != Setting{}.gain) title += fmt::format(", W_Q and W_K begin with {} I", gain);
  if (noise != Setting{}.noise) title += fmt::format(", noise {}", noise);
  if (tokens != Setting{}.tokens) title += fmt::format(", {} tokens", tokens);
  if (positive != Setting{}.positive)
    title += fmt::format(", {:.0f}% of the prompts positive", 100 * positive);
  return title;
}

PatternSpec Setting::task() const {
  return {.d = kWidth,
          .n = tokens,
          .patterns = kPatterns,
          .relevant = relevant,
          .mixed = mixed,
          .relevant_share = 0.3,
          .confusing_share = 0.1,
          .noise = noise,
          .positive_share = positive};
}

Cell Setting::cell() const {
  return {.name = "one-layer-" + name(),
          .title = "softmax and ReLU, L = 1, " + title(),
          .group = name(),
          .kind = "softmax and ReLU",
          .layers = 1,
          .problem = title(),
          .starts = [setting = *this](
                        int seed, const Effort& effort) { return starts(setting, seed, effort); },
          .examination = examination};
}

std::string recipe(const Effort& effort) {
  return fmt::format(
      "d = {}, {} orthonormal patterns, 40 tokens of which 30% show patterns of the class of the "
      "label and 10% those of the other class, noise of norm about 0.1; {} neurons with fixed "
      "signs. W_Q and W_K begin as 0.1 I, W_V as 0.5 I, W_O as zero, each plus normal noise of "
      "deviation {}. {} steps of gradient descent on fresh batches of 100 prompts, rate 0.5, hinge "
      "loss. Where a cell says so, one of these differs. Sizes and rates of the publication are "
      "not known to us.\n",
      kWidth, kPatterns, kNeurons, kWeightNoise, steps_of(effort));
}

}  // namespace gramian::low_rank
