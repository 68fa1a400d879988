#include "gramian/runs/keys.h"

#include <array>

#include "gramian/evaluation/keys.h"
#include "gramian/models/keys.h"
#include "gramian/tasks/keys.h"
#include "gramian/training/keys.h"

namespace gramian {

namespace {

constexpr Key idle(Key key) {
  key.affects = Affects::nothing;
  return key;
}

constexpr std::array kKeys{
    idle(key::integer("train.threads", "0", 0, 1024,
                      "threads; 0 = one for each core; results do not depend on it")),
    idle(key::integer("train.checkpoint_every", "1000", 1, 1e9, "steps between checkpoints")),
    idle(key::integer("train.log_every", "50", 1, 1e9, "steps between lines of metrics.jsonl")),
    key::integer("train.snapshots", "0", 0, 10000,
                 "models kept along the way in DIR/snapshots, the first before and the last after "
                 "training, denser where training is young"),
};

}  // namespace

std::span<const Key> run_keys() { return kKeys; }

const KeyTable& key_table() {
  static const KeyTable table(
      {{"task", "In-context regression: where prompts come from."},
       {"model", "The model and its initial weights."},
       {"train", "The loss, the optimiser and the run."},
       {"eval", "The comparison on fresh prompts, of linear transformers with the solvers."}},
      {task_keys(), model_keys(), train_keys(), run_keys(), eval_keys()});
  return table;
}

Config default_config() { return Config::defaults(key_table()); }

Expected<Config> load_config(const std::string& path, const std::vector<std::string>& overrides) {
  return Config::load(key_table(), path, overrides);
}

Expected<Config> parse_config(std::string_view text, const std::string& name,
                              const std::vector<std::string>& overrides) {
  return Config::parse(key_table(), text, name, overrides);
}

RunSpec run_spec(const Settings& settings) {
  return {.threads = static_cast<int>(settings.integer("train.threads")),
          .checkpoint_every = settings.integer("train.checkpoint_every"),
          .log_every = settings.integer("train.log_every"),
          .snapshots = static_cast<int>(settings.integer("train.snapshots"))};
}

}  // namespace gramian
