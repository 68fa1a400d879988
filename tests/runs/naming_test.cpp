#include "gramian/runs/naming.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "gramian/base/hash.h"
#include "gramian/runs/keys.h"

namespace gramian {
namespace {

using Overrides = std::vector<std::string>;

Config with(const Overrides& overrides) { return parse_config("", "test", overrides).value(); }

std::string hash(std::string_view text) { return fmt::format("{:016x}", hash_bytes(text)); }

// Runs of a rehearsal (gramian reproduce all --quick --steps 60) of the first version.
TEST(Naming, FinishedRunsKeepTheirNames) {
  const Overrides quick{"train.steps=60", "train.threads=1", "train.final_learning_rate=0"};
  const auto named = [&](const Overrides& settings) {
    Overrides all = quick;
    all.insert(all.end(), settings.begin(), settings.end());
    return hash(naming_text(with(all)));
  };
  EXPECT_EQ(named({"train.guards=1", "train.stretch=1.5", "train.epsilon=1e-20"}),
            "bd2ffd538fe7c2ef");  // diag-L4-uniform-5
  EXPECT_EQ(named({"task.noise=categorical", "task.sigma=[1, 3]", "model.kind=full",
                   "model.layers=3", "train.guards=1", "train.stretch=1.25", "train.optimiser=soap",
                   "train.learning_rate=0.005", "train.epsilon=1e-20"}),
            "e32c4bdeb8987ded");  // full-L3-categorical-13
  EXPECT_EQ(
      named({"task.sigma=[0, 0]", "model.kind=gdpp", "model.layers=2", "train.precision=double",
             "train.robust_final=1e12", "train.stretch=1.5", "train.epsilon=1e-20"}),
      "f8bdd5327ea8f4aa");  // gdpp-L2-uniform-0
  EXPECT_EQ(
      named({"task.n=100", "task.noise=constant", "task.sigma=0", "task.weights=inverse_covariance",
             "model.kind=preconditioned", "model.layers=1", "model.tied=true",
             "model.init_step=0.4329", "model.init_noise=0.02", "train.batch=1024",
             "train.optimiser=gauss_newton", "train.newton_rate=0.1", "train.newton_memory=0.99"}),
      "36f606069e2f968f");  // preconditioned-L1-looped-gaussian-d10-n100-kappa1
  const std::vector<double> twelfths(10, 1.0 / 12);
  EXPECT_EQ(named({"task.n=10", "task.noise=constant", "task.sigma=0",
                   fmt::format("task.covariance=[{}]", fmt::join(twelfths, ", ")),
                   "task.inputs=uniform", "task.layout=interleaved", "model.kind=transformer",
                   "model.layers=2", "model.init_noise=1", "model.positions=10",
                   "model.softmax_layers=1", "train.batch=256", "train.robust=0",
                   "train.learning_rate=0.003", "train.snapshots=40"}),
            "37be43c33e629428");  // copying-L2-interleaved
  EXPECT_EQ(
      named({"task.n=10", "task.noise=constant", "task.sigma=0", "task.family=sine",
             "model.kind=transformer", "model.layers=1", "model.context_scale=sum",
             "model.init_noise=0.05", "model.embedding=40", "model.hidden=160", "train.batch=256",
             "train.robust=0", "train.learning_rate=0.002", "train.snapshots=40"}),
      "067607113d412d70");  // mlp-L1-sines
}

TEST(Naming, TheListIsFrozen) {
  std::string list;
  for (const NamingKey& key : naming_keys())
    list += fmt::format("{}{}\n", key.name, key.later ? " later" : "");
  EXPECT_EQ(naming_keys().size(), 56u);
  EXPECT_EQ(hash(list), "d1b64f662fec13b3")
      << "names of finished runs hang on this list: do not change it";
}

TEST(Naming, OnlyWhatChangesTheWeightsIsInAName) {
  const std::string usual = naming_text(default_config());
  EXPECT_EQ(naming_text(with({"train.threads=3", "train.checkpoint_every=7", "train.log_every=9",
                              "eval.prompts=7", "eval.seed=3", "eval.gd_steps=4"})),
            usual);
  for (const Key& key : key_table().keys()) {
    if (key.section() == "eval") continue;  // [train] has a seed and a query too
    const auto listed = std::ranges::find(naming_keys(), key.name, &NamingKey::name);
    const bool always = listed != naming_keys().end() && !listed->later;
    EXPECT_EQ(usual.find(fmt::format("\n{} = ", key.last_name())) != usual.npos, always)
        << key.name;
    if (listed != naming_keys().end()) {
      EXPECT_TRUE(key.changes_weights()) << key.name;
    }
  }
  EXPECT_NE(naming_text(with({"train.snapshots=7"})).find("\nsnapshots = 7\n"), usual.npos);
  for (const char* other : {"task.d=9", "model.layers=3", "train.seed=1", "model.clip=2"})
    EXPECT_NE(naming_text(with({other})), usual) << other;
}

// A table with more keys, in any place, names the runs that do not use them as before.
TEST(Naming, NewKeysNeedNoEntryAndKeepOldNames) {
  static constexpr std::array first{key::integer("task.zebras", "0", 0, 9, "a new key")};
  static constexpr std::array last{
      key::number("model.ants", "1", key::closed(0, 9), "another"),
      key::all_affect(Affects::nothing,
                      std::array{key::boolean("train.noisy", "false", "logs more")})[0]};
  const auto sections = key_table().sections();
  const KeyTable more({sections.begin(), sections.end()}, {first, key_table().keys(), last});
  const auto text = [&](const Overrides& overrides) {
    return naming_text(Config::parse(more, "", "test", overrides).value());
  };
  const std::string usual = naming_text(default_config());
  EXPECT_EQ(text({}), usual);
  EXPECT_EQ(text({"train.noisy=true"}), usual);
  EXPECT_EQ(text({"task.zebras=3", "model.ants=2"}), usual + "model.ants = 2\ntask.zebras = 3\n");
}

}  // namespace
}  // namespace gramian
