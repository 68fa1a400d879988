#include "gramian/runs/naming.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "gramian/base/assert.h"

namespace gramian {

namespace {

// Frozen: never change a line, and add none.
constexpr NamingKey kNamingKeys[] = {
    {"task.d"},
    {"task.n"},
    {"task.noise"},
    {"task.sigma"},
    {"task.covariance"},
    {"task.inputs"},
    {"task.weights"},
    {"task.sampler"},
    {"task.family", true},
    {"task.layout", true},
    {"task.amplitude", true},
    {"task.correlated", true},
    {"model.kind"},
    {"model.layers"},
    {"model.heads"},
    {"model.tied"},
    {"model.context_scale"},
    {"model.query_in_keys"},
    {"model.init"},
    {"model.init_step"},
    {"model.init_curvature"},
    {"model.init_growth"},
    {"model.init_noise"},
    {"model.init_rare", true},
    {"model.positions", true},
    {"model.embedding", true},
    {"model.hidden", true},
    {"model.key_size", true},
    {"model.softmax_layers", true},
    {"model.attention", true},
    {"model.clip", true},
    {"train.seed"},
    {"train.steps"},
    {"train.batch"},
    {"train.precision"},
    {"train.query"},
    {"train.robust"},
    {"train.robust_final"},
    {"train.guards"},
    {"train.stretch"},
    {"train.optimiser"},
    {"train.learning_rate"},
    {"train.final_learning_rate"},
    {"train.schedule"},
    {"train.warmup"},
    {"train.beta1"},
    {"train.beta2"},
    {"train.epsilon"},
    {"train.weight_decay"},
    {"train.newton_after"},
    {"train.newton_rate"},
    {"train.newton_trust"},
    {"train.newton_damping"},
    {"train.newton_memory"},
    {"train.clip_norm"},
    {"train.snapshots", true},
};

}  // namespace

std::span<const NamingKey> naming_keys() { return kNamingKeys; }

std::string naming_text(const Config& config) {
  const KeyTable& table = config.table();
  const Config usual = Config::defaults(table);
  std::string text, section;
  for (const auto& [name, later] : kNamingKeys) {
    const Key* key = table.find(name);
    GRAMIAN_ASSERT(key != nullptr);
    if (key->section() != section) {
      section = key->section();
      text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", section);
    }
    if (!later || !config.same(*key, usual))
      text += fmt::format("{} = {}\n", key->last_name(), config.printed(*key));
  }
  text += "\n";  // where the sections that are no part of a name once began

  std::map<std::string_view, std::string> more;
  for (const Key& key : table.keys()) {
    if (!key.changes_weights() || config.same(key, usual)) continue;
    if (std::ranges::count(kNamingKeys, key.name, &NamingKey::name) > 0) continue;
    more[key.name] = config.printed(key);
  }
  for (const auto& [name, value] : more) text += fmt::format("{} = {}\n", name, value);
  return text;
}

}  // namespace gramian
