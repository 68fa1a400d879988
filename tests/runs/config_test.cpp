#include "gramian/io/config.h"

#include "gramian/evaluation/keys.h"
#include "gramian/models/keys.h"
#include "gramian/runs/keys.h"
#include "gramian/tasks/keys.h"
#include "gramian/training/keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/support/files.h"

namespace gramian {
namespace {

using test::is_error;
using test::message_of;
using test::slurp;
using test::spill;
using test::TemporaryFolder;

std::string refusal(std::string_view text, const std::vector<std::string>& overrides = {}) {
  const Expected<Config> config = parse_config(text, "noisy.toml", overrides);
  if (!config) {
    EXPECT_EQ(config.error().kind, ErrorKind::config);
  }
  return message_of(config);
}

std::string override_refusal(const std::string& text) { return refusal("", {text}); }

TEST(ConfigKeys, TableIsSound) {
  std::vector<std::string_view> sections;
  for (const Key& key : key_table().keys()) {
    EXPECT_EQ(key_table().find(key.name), &key) << key.name << " occurs twice";
    EXPECT_EQ(std::ranges::count(key_table().sections(), key.section(), &Section::name), 1)
        << key.name;
    EXPECT_FALSE(key.help.empty()) << key.name;
    EXPECT_EQ(key.help.find_first_of("|\n"), key.help.npos)
        << key.name << " would break the reference page";
    EXPECT_EQ(key.choices.empty(), key.type != KeyType::choice) << key.name;
    EXPECT_EQ(key.longest > 0, key.type == KeyType::numbers || key.type == KeyType::matrix)
        << key.name;
    EXPECT_EQ(key.affects == Affects::prompts, key.section() == "task") << key.name;
    EXPECT_EQ(key.affects == Affects::evaluation, key.section() == "eval") << key.name;
    if (sections.empty() || sections.back() != key.section()) sections.push_back(key.section());
  }
  EXPECT_EQ(sections.size(), key_table().sections().size())
      << "keys of a section must stand together";
}

// Each room declares its own keys, and no other room the same.
TEST(ConfigKeys, BelongToOneRoom) {
  std::size_t all = 0;
  for (const auto& keys : {task_keys(), model_keys(), train_keys(), run_keys(), eval_keys()}) {
    all += keys.size();
    for (const Key& key : keys) EXPECT_NE(key_table().find(key.name), nullptr) << key.name;
  }
  EXPECT_EQ(all, key_table().keys().size());
}

TEST(Config, Defaults) {
  const Config config = default_config();
  EXPECT_EQ(config.integer("task.d"), 10);
  EXPECT_EQ(config.text("model.kind"), "diag");
  EXPECT_EQ(config.numbers("task.sigma"), (std::vector<double>{0, 5}));
  EXPECT_EQ(config.matrix("task.covariance"), Config::Matrix());
  EXPECT_EQ(config.number("train.epsilon"), 1e-8);
  EXPECT_FALSE(config.boolean("model.tied"));
  EXPECT_FALSE(config.is_set("task.d"));
  EXPECT_EQ(config.where("task.d"), "default");
}

TEST(Config, ReadsEveryType) {
  const Expected<Config> config = parse_config(
      "[task]\n"
      "d = 3\n"
      "sigma = 2\n"
      "noise = 'constant'\n"
      "covariance = [[2, 1, 0], [1, 2, 0], [0, 0, 1.5]]\n"
      "[train]\n"
      "steps = 1e6\n"
      "learning_rate = 1\n"
      "[model]\n"
      "tied = true\n",
      "noisy.toml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->integer("task.d"), 3);
  EXPECT_EQ(config->numbers("task.sigma"), std::vector<double>{2});
  EXPECT_EQ(config->text("task.noise"), "constant");
  EXPECT_EQ(config->matrix("task.covariance").rows,
            (std::vector<std::vector<double>>{{2, 1, 0}, {1, 2, 0}, {0, 0, 1.5}}));
  EXPECT_EQ(config->integer("train.steps"), 1'000'000);
  EXPECT_EQ(config->number("train.learning_rate"), 1.0);
  EXPECT_TRUE(config->boolean("model.tied"));
  EXPECT_TRUE(config->is_set("task.sigma"));
  EXPECT_EQ(config->where("task.sigma"), "noisy.toml:3");
}

TEST(Config, CommandLineWins) {
  const Expected<Config> config =
      parse_config("[task]\nd = 3\n", "noisy.toml",
                   {"task.d=4", "task.d=5", "task.noise=categorical", "task.sigma=[1, 3]",
                    "model.kind=\"full\"", "task.covariance=[1,2,3,4,5]"});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->integer("task.d"), 5);
  EXPECT_EQ(config->where("task.d"), "command line");
  EXPECT_EQ(config->text("task.noise"), "categorical");
  EXPECT_EQ(config->numbers("task.sigma"), (std::vector<double>{1, 3}));
  EXPECT_EQ(config->text("model.kind"), "full");
  EXPECT_EQ(config->matrix("task.covariance").diagonal, (std::vector<double>{1, 2, 3, 4, 5}));
}

TEST(Config, ErrorsNameKeyRuleValueAndPlace) {
  EXPECT_EQ(refusal("[task]\n\nd = -1\n"),
            "[task.d] must be an integer in [1, 256], got -1 (noisy.toml:3)");
  EXPECT_EQ(override_refusal("task.d=-1"),
            "[task.d] must be an integer in [1, 256], got -1 (command line)");
}

TEST(Config, RangesAreOpenOrClosed) {
  EXPECT_EQ(override_refusal("task.d=256"), "");
  EXPECT_NE(override_refusal("task.d=257"), "");
  EXPECT_NE(override_refusal("task.d=0"), "");
  EXPECT_NE(override_refusal("task.n=0"), "");
  EXPECT_NE(override_refusal("task.n=100000001"), "");
  EXPECT_EQ(override_refusal("train.learning_rate=0"),
            "[train.learning_rate] must be a number in (0, 10], got 0 (command line)");
  EXPECT_EQ(override_refusal("train.learning_rate=10"), "");
  EXPECT_EQ(override_refusal("train.beta1=0"), "");
  EXPECT_EQ(override_refusal("train.beta1=1"),
            "[train.beta1] must be a number in [0, 1), got 1 (command line)");
  EXPECT_EQ(override_refusal("train.seed=9007199254740991"), "");
  EXPECT_EQ(override_refusal("train.seed=9007199254740992"),
            "[train.seed] must be an integer in [0, 9007199254740991], got 9007199254740992 "
            "(command line)");
  EXPECT_NE(override_refusal("train.seed=99999999999999999999"), "");
  EXPECT_EQ(override_refusal("eval.prompts=4e9"), "");
  EXPECT_EQ(override_refusal("eval.prompts=5e9"),
            "[eval.prompts] must be an integer in [1, 4000000000], got 5000000000 (command line)");
}

TEST(Config, RefusesWrongTypes) {
  EXPECT_EQ(override_refusal("task.d=1.5"),
            "[task.d] must be an integer in [1, 256], got 1.5 (command line)");
  EXPECT_EQ(override_refusal("task.d=ten"),
            "[task.d] must be an integer in [1, 256], got \"ten\" (command line)");
  EXPECT_EQ(override_refusal("task.d="),
            "[task.d] must be an integer in [1, 256], got '' (command line)");
  EXPECT_EQ(override_refusal("task.d=[3]"),
            "[task.d] must be an integer in [1, 256], got an array of 1 (command line)");
  EXPECT_EQ(override_refusal("task.d=true"),
            "[task.d] must be an integer in [1, 256], got true (command line)");
  EXPECT_EQ(override_refusal("model.tied=1"),
            "[model.tied] must be true or false, got 1 (command line)");
  EXPECT_EQ(override_refusal("task.noise=gaussian"),
            "[task.noise] must be one of uniform, categorical, constant, got \"gaussian\" (command "
            "line)");
  EXPECT_EQ(override_refusal("task.noise=3"),
            "[task.noise] must be one of uniform, categorical, constant, got 3 (command line)");
  EXPECT_EQ(override_refusal("train.robust={a=1}"),
            "[train.robust] must be a number in [0, 1000000000000], got a table (command line)");
  EXPECT_EQ(
      override_refusal("train.robust=2024-02-29"),
      "[train.robust] must be a number in [0, 1000000000000], got a date or time (command line)");
  EXPECT_EQ(
      refusal("[task.noise]\nkind = 'uniform'\n"),
      "[task.noise] must be one of uniform, categorical, constant, got a table (noisy.toml:1)");
}

TEST(Config, AnOverrideIsOneValue) {
  EXPECT_EQ(override_refusal("task.d=3\ntrain.seed=7"),
            "[task.d] must be an integer in [1, 256], got '3\ntrain.seed=7' (command line)");
  EXPECT_EQ(override_refusal("task.d=3 4"),
            "[task.d] must be an integer in [1, 256], got '3 4' (command line)");
  EXPECT_TRUE(is_error(parse_config("", "", {"task.d"}), ErrorKind::usage,
                       {"expected key=value, got 'task.d'"}));
}

TEST(Config, RefusesNumbersThatAreNotFinite) {
  for (const std::string value : {"nan", "inf", "-inf", "+nan"}) {
    EXPECT_NE(override_refusal("train.learning_rate=" + value), "") << value;
    EXPECT_NE(override_refusal("task.sigma=" + value), "") << value;
    EXPECT_NE(override_refusal("task.sigma=[0, " + value + "]"), "") << value;
    EXPECT_NE(override_refusal("task.covariance=[" + value + "]"), "") << value;
    EXPECT_NE(override_refusal("task.covariance=[[" + value + "]]"), "") << value;
    EXPECT_NE(override_refusal("task.d=" + value), "") << value;
  }
}

TEST(Config, RefusesBadArrays) {
  EXPECT_EQ(refusal("[task]\nsigma = [0, -1]\n"),
            "[task.sigma] must be a number or an array of at most 1024, each in [0, inf), got -1 "
            "as entry 2 "
            "(noisy.toml:2)");
  EXPECT_NE(refusal("[task]\nsigma = ['a']\n").find("got \"a\" as entry 1"), std::string::npos);
  EXPECT_NE(refusal("[task]\nsigma = 'a'\n").find("got \"a\" (noisy"), std::string::npos);

  const auto array = [](std::size_t size, const std::string& entry) {
    std::string text = "[";
    for (std::size_t i = 0; i < size; ++i) text += entry + ",";
    return text + "]";
  };
  EXPECT_EQ(override_refusal("task.sigma=" + array(1024, "1")), "");
  EXPECT_NE(override_refusal("task.sigma=" + array(1025, "1")).find("got an array of 1025"),
            std::string::npos);
  EXPECT_EQ(override_refusal("task.covariance=" + array(256, "1")), "");
  EXPECT_NE(override_refusal("task.covariance=" + array(257, "1")), "");
  EXPECT_NE(override_refusal("task.covariance=" + array(257, "[1]")), "");
  EXPECT_NE(override_refusal("task.covariance=[" + array(257, "1") + "]")
                .find("got an array of 257 of row 1"),
            std::string::npos);
  EXPECT_NE(override_refusal("task.covariance=[[1, 0], 3]").find("got 3 as row 2"),
            std::string::npos);
  EXPECT_NE(
      override_refusal("task.covariance=[[1, 0], [0, 'a']]").find("got \"a\" as entry 2 of row 2"),
      std::string::npos);
  EXPECT_NE(override_refusal("task.covariance=1"), "");
}

TEST(Config, UnknownKeysGetASuggestion) {
  const auto suggested = [](const std::string& name, const std::string& key) {
    const std::string message = override_refusal(name + "=1");
    return message == fmt::format("unknown key [{}] (command line); did you mean '{}'?", name, key)
               ? testing::AssertionSuccess()
               : testing::AssertionFailure() << message;
  };
  EXPECT_TRUE(suggested("train.learning_rat", "train.learning_rate"));
  EXPECT_TRUE(suggested("trian.learning_rate", "train.learning_rate"));
  EXPECT_TRUE(suggested("learning_rate", "train.learning_rate"));
  EXPECT_TRUE(suggested("task.layers", "model.layers"));
  EXPECT_TRUE(suggested("task.simga", "task.sigma"));
  EXPECT_TRUE(suggested("eval.sed", "eval.seed"));
  EXPECT_EQ(override_refusal("lr=1"), "unknown key [lr] (command line)");
  EXPECT_EQ(override_refusal("train.dropout=1"), "unknown key [train.dropout] (command line)");
  EXPECT_EQ(override_refusal("=1"), "unknown key [] (command line)");
  EXPECT_EQ(refusal("[task]\nsigmas = 1\n"),
            "unknown key [task.sigmas] (noisy.toml:2); did you mean 'task.sigma'?");
  EXPECT_EQ(refusal("steps = 7\n"),
            "unknown key [steps] (noisy.toml:1); did you mean 'train.steps'?");
  // A quoted name has no section: what is meant is known.
  EXPECT_EQ(refusal("\"train.steps\" = 7\n"),
            "unknown key [train.steps] (noisy.toml:1); write [train], and steps below it");
  EXPECT_EQ(refusal("[\"train.steps\"]\nx = 7\n"),
            "unknown section [train.steps] (noisy.toml:1); write [train], and steps below it");
}

TEST(Config, UnknownSections) {
  EXPECT_EQ(refusal("[trian]\nsteps = 7\n"),
            "unknown section [trian] (noisy.toml:1); did you mean [train]?");
  EXPECT_EQ(refusal("[optimizer]\nlr = 7\n"), "unknown section [optimizer] (noisy.toml:1)");
  EXPECT_EQ(refusal("task = 7\n"), "[task] must be a section, got 7 (noisy.toml:1)");
  EXPECT_NE(refusal("[[task]]\nd = 7\n").find("[task] must be a section"), std::string::npos);
}

TEST(Config, ReportsEveryMistakeAtOnce) {
  EXPECT_EQ(refusal("[task]\nd = 0\nn = 0\n", {"tsk.d=1"}),
            "[task.d] must be an integer in [1, 256], got 0 (noisy.toml:2)\n"
            "[task.n] must be an integer in [1, 100000000], got 0 (noisy.toml:3)\n"
            "unknown key [tsk.d] (command line); did you mean 'task.d'?");
}

TEST(Config, SyntaxErrorsHaveAPlace) {
  EXPECT_EQ(refusal("[task]\nd = = 3\n").substr(0, 15), "noisy.toml:2:5:");
  EXPECT_EQ(refusal("[task]\nd = 3\nd = 4\n").substr(0, 13), "noisy.toml:3:");  // a key given twice
  EXPECT_EQ(refusal("[task]\nd = \xff\n").substr(0, 13), "noisy.toml:2:");
}

// Texts on which toml++ 3.3 asserts what does not hold, or runs into undefined behaviour.
TEST(Config, OddTextsAreRefusedInEveryBuild) {
  for (const char* text : {"[", "[+", "[task]\nd=3\n[\u03b1]\n", "[\ufe7f]\n", "\ufe7f = 1\n",
                           "\u00df = 1\n", "[task]\nd = \ufe7f\n", "[task]\nd = 3 \ufe7f\n",
                           "[task]\n\u2c60d = 3\n", "\ufefe", "[task\u3001]\n", "a = 1\u0100"}) {
    EXPECT_TRUE(is_error(parse_config(text, "odd.toml"), ErrorKind::config, {"odd.toml:"})) << text;
  }
  // In comments all of them are right.
  EXPECT_TRUE(parse_config("[task] # \u03b1 \ufe7f \u00df\nd = 3\n", "odd.toml"));
}

TEST(Config, LoadNamesTheFile) {
  const TemporaryFolder folder;
  const std::string path = folder / "noisy.toml";
  EXPECT_TRUE(is_error(load_config(path), ErrorKind::io, {path, "No such file"}));
  spill(path, "[task]\nd = 0\n");
  EXPECT_TRUE(is_error(load_config(path), ErrorKind::config, {"got 0 (" + path + ":2)"}));
  spill(path, "[task]\nd = 7\n");
  const Expected<Config> config = load_config(path, {"task.n=3"});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->integer("task.d"), 7);
  EXPECT_EQ(config->integer("task.n"), 3);
}

TEST(Config, TomlRoundTripIsExact) {
  const Expected<Config> config = parse_config(
      "[task]\nsigma = [0.1, 0.30000000000000004]\ncovariance = [[1e-300, 0], [0, 1e300]]\n", "a",
      {"train.learning_rate=0.1e-7", "train.robust=123456789.12345679",
       "train.seed=9007199254740991", "model.tied=true", "model.kind=full",
       "eval.profile=[5e-324]"});
  ASSERT_TRUE(config) << config.error().message;
  const std::string text = config->to_toml();
  const Expected<Config> back = parse_config(text, "b");
  ASSERT_TRUE(back) << back.error().message;
  for (const Key& key : key_table().keys()) {
    switch (key.type) {
      case KeyType::integer:
        EXPECT_EQ(back->integer(key.name), config->integer(key.name)) << key.name;
        break;
      case KeyType::number:
        EXPECT_EQ(back->number(key.name), config->number(key.name)) << key.name;
        break;
      case KeyType::boolean:
        EXPECT_EQ(back->boolean(key.name), config->boolean(key.name)) << key.name;
        break;
      case KeyType::choice:
        EXPECT_EQ(back->text(key.name), config->text(key.name)) << key.name;
        break;
      case KeyType::numbers:
        EXPECT_EQ(back->numbers(key.name), config->numbers(key.name)) << key.name;
        break;
      case KeyType::matrix:
        EXPECT_EQ(back->matrix(key.name), config->matrix(key.name)) << key.name;
        break;
    }
    EXPECT_TRUE(back->is_set(key.name)) << key.name;
  }
  EXPECT_EQ(back->to_toml(), text);
  EXPECT_EQ(text.substr(0, 25), "[task]\nd = 10\nn = 20\nnois");
}

TEST(Config, WithIsTheSameButForWhatIsNamed) {
  const auto config = parse_config("[task]\nd = 3\n", "noisy.toml", {"train.robust=0.1"}).value();
  const auto other = config.with({"model.kind=full", "task.n=7"});
  ASSERT_TRUE(other) << other.error().message;
  for (const Key& key : key_table().keys()) {
    EXPECT_NE(other->same(key, config), key.name == "model.kind" || key.name == "task.n")
        << key.name;
  }
  EXPECT_EQ(other->where("task.d"), "noisy.toml:2") << "places stay";
  EXPECT_TRUE(is_error(config.with({"task.n=0"}), ErrorKind::config, {"[task.n]", "got 0"}));
  EXPECT_TRUE(is_error(config.with({"task.n"}), ErrorKind::usage, {"key=value"}));
}

TEST(ConfigDeathTest, AskingForNoKeyIsABug) {
  EXPECT_DEATH(default_config().integer("task.x"), "no configuration key task.x");
  EXPECT_DEATH(default_config().integer("train.robust"), "train.robust has another type");
}

TEST(ConfigHelp, NamesEveryKeyWithItsRule) {
  const std::string help = key_table().help_text();
  for (const Key& key : key_table().keys()) {
    const std::string family = key.only.empty() ? "" : fmt::format("({} only) ", key.only);
    EXPECT_NE(help.find(fmt::format("  {} = {}\n      {}{}\n      {}\n", key.name, key.fallback,
                                    family, key.help, key.rule())),
              help.npos)
        << key.name;
  }
}

// GRAMIAN_WRITE_REFERENCE=1 test_runs writes the page after a change of the table.
TEST(ConfigHelp, ReferencePageIsUpToDate) {
  const std::string path = GRAMIAN_SOURCE_DIR "/docs/reference.md";
  if (std::getenv("GRAMIAN_WRITE_REFERENCE") != nullptr)
    spill(path, key_table().reference_markdown());
  EXPECT_EQ(slurp(path), key_table().reference_markdown())
      << "run GRAMIAN_WRITE_REFERENCE=1 test_runs";
}

}  // namespace
}  // namespace gramian
