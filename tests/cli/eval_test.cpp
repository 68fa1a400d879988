// train, eval and solve as one user after the other runs them, and the contract of eval.json.
#include <cmath>
#include <set>

#include "tests/cli/process.h"

namespace gramian {
namespace {

using Json = nlohmann::json;
using test::run_gramian;
using test::slurp;
using test::succeeds;
using test::Workshop;

std::set<std::string> keys(const Json& object) {
  std::set<std::string> names;
  for (const auto& [name, value] : object.items()) names.insert(name);
  return names;
}

const std::set<std::string> kSolvers{"oracle", "constrr", "adarr", "tunedrr",
                                     "bayes",  "ols",     "gd",    "zero"};

std::set<std::string> solvers_and_model() {
  std::set<std::string> names = kSolvers;
  names.insert("model");
  return names;
}

TEST(Eval, WritesTheJsonOfTheContract) {
  const Workshop shop;
  ASSERT_TRUE(succeeds(shop.train("run")));
  const auto outcome = run_gramian({"eval", shop / "run"});
  ASSERT_TRUE(succeeds(outcome));
  for (const char* word : {"model", "bayes", "tunedrr", "blow-ups"}) {
    EXPECT_NE(outcome.out.find(word), std::string::npos) << word;
  }

  const Json result = shop.json("run/eval.json");
  EXPECT_EQ(keys(result), (std::set<std::string>{"prompts", "adjusted", "loss", "query",
                                                 "tuning_prompts", "constants", "undefined",
                                                 "layers", "model_minus_bayes", "blowups"}));
  EXPECT_EQ(result["prompts"], 3000);
  for (const char* kind : {"adjusted", "loss"}) {
    EXPECT_EQ(keys(result[kind]), solvers_and_model()) << kind;
    for (const auto& [name, estimate] : result[kind].items()) {
      EXPECT_EQ(keys(estimate), (std::set<std::string>{"mean", "se"})) << kind << " " << name;
      EXPECT_TRUE(estimate["mean"].is_number() && estimate["se"].is_number())
          << kind << " " << name;
    }
  }
  EXPECT_EQ(result["adjusted"]["oracle"]["mean"], 0);
  const double oracle = result["loss"]["oracle"]["mean"];
  for (const auto& [name, estimate] : result["adjusted"].items()) {
    EXPECT_NEAR(estimate["mean"], result["loss"][name]["mean"].get<double>() - oracle, 1e-12)
        << name;
  }
  // Trained for a moment, the model lies between the bound and knowing nothing.
  const auto adjusted = [&](const char* name) {
    return result["adjusted"][name]["mean"].get<double>();
  };
  EXPECT_GT(adjusted("model"), adjusted("bayes"));
  EXPECT_LT(adjusted("model"), 0.5 * adjusted("zero"));
  EXPECT_EQ(result["layers"].size(), 2u);
  EXPECT_EQ(result["layers"][1]["adjusted"], result["adjusted"]["model"]);
}

TEST(Eval, SameSeedSameFileOtherSeedOtherPrompts) {
  const Workshop shop;
  ASSERT_TRUE(succeeds(shop.train("run")));
  const auto evaluated = [&](test::Arguments more) {
    more.insert(more.begin(), {"eval", shop / "run"});
    EXPECT_TRUE(succeeds(run_gramian(more)));
    return slurp(shop / "run/eval.json");
  };
  const std::string first = evaluated({"--prompts", "500", "--seed", "7"});
  EXPECT_EQ(Json::parse(first)["prompts"], 500);
  EXPECT_EQ(evaluated({"--prompts", "500", "--seed", "7", "train.threads=1"}), first);
  EXPECT_EQ(evaluated({"eval.prompts=500", "eval.seed=7"}),
            first);  // the flags are short for these
  EXPECT_EQ(evaluated({"eval.prompts=600", "--seed", "7", "--prompts", "500"}),
            first);  // and win over them
  const Json other = Json::parse(evaluated({"--prompts", "500", "--seed", "8"}));
  EXPECT_NE(other["loss"], Json::parse(first)["loss"]);
}

TEST(Eval, ThePromptsMayBeOthersThanInTraining) {
  const Workshop shop;
  ASSERT_TRUE(succeeds(shop.train("run")));
  ASSERT_TRUE(succeeds(run_gramian({"eval", shop / "run", "task.sigma=[0, 2]", "eval.query=sampled",
                                    "eval.profile=[0.5, 1]", "task.n=12"})));
  const Json result = shop.json("run/eval.json");
  EXPECT_EQ(result["query"], "sampled");
  ASSERT_EQ(result["profile"].size(), 2u);
  EXPECT_EQ(result["profile"][1]["sigma"], 1);
  EXPECT_EQ(keys(result["profile"][1]["adjusted"]), solvers_and_model());
  // The run's own configuration is what it was trained with.
  EXPECT_NE(slurp(shop / "run/config.toml").find("sigma = [0, 1]"), std::string::npos);
}

TEST(Train, SettingsOfTheCommandLineWinOverTheFile) {
  const Workshop shop;
  ASSERT_TRUE(
      succeeds(shop.train("run", {"model.kind=full", "task.sigma=[0, 2]", "train.steps=2"})));
  const std::string config = slurp(shop / "run/config.toml");
  for (const char* line :
       {"kind = \"full\"\n", "sigma = [0, 2]\n", "steps = 2\n", "batch = 128\n", "beta1 = 0.9\n"}) {
    EXPECT_NE(config.find(line), std::string::npos) << line;
  }
  // The resolved configuration alone makes the same model.
  ASSERT_TRUE(succeeds(run_gramian({"train", shop / "run/config.toml", "--out", shop / "again"})));
  EXPECT_EQ(slurp(shop / "again/model.safetensors"), slurp(shop / "run/model.safetensors"));
  EXPECT_EQ(slurp(shop / "again/config.toml"), config);
}

TEST(Train, ResumeOfAFinishedRunSaysSo) {
  const Workshop shop;
  ASSERT_TRUE(succeeds(shop.train("run")));
  const std::string checkpoint = slurp(shop / "run/checkpoint.safetensors");
  const auto outcome = shop.train("run", {"--resume"});
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_NE(outcome.out.find("is trained already (40 steps"), std::string::npos) << outcome.out;
  EXPECT_EQ(slurp(shop / "run/checkpoint.safetensors"), checkpoint);
}

TEST(Solve, WritesTheSameJsonWithoutAModel) {
  const Workshop shop;
  const auto quiet = run_gramian({"solve", shop.config(), "--prompts", "500"});
  ASSERT_TRUE(succeeds(quiet));
  EXPECT_NE(quiet.out.find("tunedrr"), std::string::npos);
  EXPECT_EQ(quiet.out.find("model"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(shop / "solve.json"));

  ASSERT_TRUE(succeeds(
      run_gramian({"solve", shop.config(), "--prompts", "500", "--json", shop / "solve.json"})));
  const Json result = shop.json("solve.json");
  EXPECT_EQ(keys(result), (std::set<std::string>{"prompts", "adjusted", "loss", "query",
                                                 "tuning_prompts", "constants", "undefined"}));
  EXPECT_EQ(keys(result["adjusted"]), kSolvers);
  EXPECT_EQ(keys(result["loss"]), kSolvers);

  // The same prompts as an evaluation of the same seed: the same numbers.
  ASSERT_TRUE(succeeds(shop.train("run")));
  ASSERT_TRUE(succeeds(run_gramian({"eval", shop / "run", "--prompts", "500", "eval.gd_steps=2"})));
  Json evaluated = shop.json("run/eval.json")["loss"];
  evaluated.erase("model");
  EXPECT_EQ(result["loss"], evaluated);
}

// ADARR and TUNEDRR divide by n - d, and OLS needs n >= d: undefined with a reason, not infinite.
TEST(Solve, AShortContextLeavesTheOtherSolversDefined) {
  const Workshop shop;
  for (const char* n : {"task.n=3", "task.n=2"}) {  // n = d, n < d
    SCOPED_TRACE(n);
    const auto outcome = run_gramian({"solve", shop.config(), n, "--json", shop / "solve.json"});
    ASSERT_TRUE(succeeds(outcome));
    EXPECT_NE(outcome.out.find("adarr      undefined: "), std::string::npos) << outcome.out;
    const Json result = shop.json("solve.json");
    for (const char* name : {"adarr", "tunedrr"}) {
      EXPECT_NE(result["undefined"][name].get<std::string>().find("n"), std::string::npos) << name;
      EXPECT_TRUE(result["adjusted"][name]["mean"].is_null()) << name;
      EXPECT_TRUE(result["adjusted"][name]["note"].is_string()) << name;
    }
    for (const char* name : {"oracle", "constrr", "bayes", "gd", "zero"}) {
      EXPECT_FALSE(result["undefined"].contains(name)) << name;
      EXPECT_TRUE(result["adjusted"][name]["mean"].is_number()) << name;
    }
    EXPECT_LT(result["adjusted"]["bayes"]["mean"], result["adjusted"]["constrr"]["mean"]);
  }
}

}  // namespace
}  // namespace gramian
