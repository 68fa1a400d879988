#include "gramian/evaluation/keys.h"

#include <array>

#include "gramian/tasks/keys.h"

namespace gramian {

namespace {

constexpr Key gram(const Key& key) { return key::only("gram", key); }

constexpr auto kKeys = key::all_affect(
    Affects::evaluation,
    std::array{
        key::integer("eval.prompts", "100000", 1, 4e9, "prompts of the comparison"),
        key::integer("eval.seed", "1", 0, key::kLargestSeed, "seed of the evaluation prompts"),
        gram(key::choice("eval.query", "integrated", kQueryModes.list(),
                         "loss over the query in closed form, or on one sampled query a prompt")),
        gram(key::integer("eval.tuning_prompts", "100000", 100, 1e7,
                          "prompts on which the solvers' constants are tuned")),
        gram(key::numbers("eval.profile", "[]", key::at_least(0),
                          "noise levels sigma at which to print a profile")),
        gram(key::integer("eval.gd_steps", "0", 0, 10000,
                          "steps of the gradient descent solver; 0 = as many as the model has "
                          "layers")),
    });

}  // namespace

std::span<const Key> eval_keys() { return kKeys; }

EvalSpec eval_spec(const Settings& settings, int layers) {
  const int steps = static_cast<int>(settings.integer("eval.gd_steps"));
  return {.prompts = static_cast<std::uint64_t>(settings.integer("eval.prompts")),
          .seed = static_cast<std::uint64_t>(settings.integer("eval.seed")),
          .query = kQueryModes.value(settings.text("eval.query")),
          .tuning_prompts = static_cast<std::uint64_t>(settings.integer("eval.tuning_prompts")),
          .gd_steps = steps > 0 ? steps : layers};
}

}  // namespace gramian
