// gramian construct: every file that it writes, run by NumPy alone, and by the other commands.
#include <algorithm>
#include <filesystem>

#include "gramian/theory/catalogue.h"
#include "tests/cli/process.h"

namespace gramian {
namespace {

using test::fails;
using test::Process;
using test::run_gramian;
using test::succeeds;
using test::TemporaryFolder;

TEST(Construct, EveryFileRunsInNumPyAndIsWhatItSays) {
  const TemporaryFolder folder;
  test::Arguments script{GRAMIAN_PYTHON, "-B", GRAMIAN_SOURCE_DIR "/tests/cli/run_construction.py"};
  for (const NamedConstruction& construction : all_constructions()) {
    const std::string out = folder / construction.name;
    const auto made = run_gramian({"construct", std::string(construction.name), "--out", out});
    ASSERT_TRUE(succeeds(made));
    EXPECT_NE(made.out.find("-> " + out + "/model.safetensors"), made.out.npos) << made.out;
    script.push_back(out);
  }
  const auto compared = Process(script).wait();
  EXPECT_TRUE(succeeds(compared));
  EXPECT_EQ(std::ranges::count(compared.out, '\n'), std::ssize(all_constructions()));
}

TEST(Construct, DirectoriesAreModelsForTheOtherCommands) {
  const TemporaryFolder folder;
  const auto make = [&](const std::string& name, test::Arguments more = {}) {
    more.insert(more.begin(), {"construct", name, "--out", folder / name});
    EXPECT_TRUE(succeeds(run_gramian(more)));
    return folder / name;
  };
  const std::string descent = make("gradient-descent", {"d=3", "n=10"});
  EXPECT_TRUE(
      succeeds(run_gramian({"eval", descent, "--prompts", "1000", "eval.tuning_prompts=1000"})));
  EXPECT_TRUE(succeeds(run_gramian({"export", descent, "--to", "numpy"})));
  EXPECT_TRUE(succeeds(run_gramian({"explain", descent, "--prompts", "200", "--retrain", "0",
                                    "--blowup-prompts", "0", "--steps", "2"})));

  // Noise-free prompts whose covariance of inputs is nearly the identity: least squares is exact.
  const std::string regression =
      make("newton-regression", {"d=3", "n=30", "steps=14", "largest=4", "condition=100"});
  const auto evaluated = run_gramian(
      {"eval", regression, "--prompts", "500", "task.noise=constant", "task.sigma=[0]"});
  ASSERT_TRUE(succeeds(evaluated));
  const auto json = nlohmann::json::parse(test::slurp(regression + "/eval.json"));
  EXPECT_LT(json["loss"]["model"]["mean"].get<double>(), 1e-12);
  EXPECT_GT(json["loss"]["zero"]["mean"].get<double>(), 1);
  EXPECT_TRUE(fails(run_gramian({"export", regression, "--to", "numpy"}), 2, {"Gram"}));
  EXPECT_TRUE(fails(run_gramian({"eval", regression, "task.n=20"}), 2,
                    {"is for 31 tokens of 4 numbers", "21 of 4"}));

  const std::string logistic = make("logistic-newton", {"d=2", "n=10", "knots=32"});
  EXPECT_TRUE(succeeds(run_gramian({"eval", logistic, "--prompts", "200"})));
  const auto labels = nlohmann::json::parse(test::slurp(logistic + "/eval.json"));
  EXPECT_LT(labels["loss"]["model"]["mean"].get<double>(),
            0.8 * labels["loss"]["zero"]["mean"].get<double>());

  const std::string inverse = make("symmetric-inverse");
  EXPECT_FALSE(std::filesystem::exists(inverse + "/config.toml"));
  EXPECT_TRUE(fails(run_gramian({"eval", inverse}), 3, {"config.toml"}));
}

TEST(Construct, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  const std::string out = folder / "made";
  const auto construct = [&](test::Arguments arguments) {
    arguments.insert(arguments.begin(), {"construct", "--out", out});
    return run_gramian(arguments);
  };
  EXPECT_TRUE(fails(construct({"inverse"}), 2,
                    {"no construction 'inverse'", "symmetric-inverse", "logistic-newton"}));
  EXPECT_TRUE(fails(construct({"logistic-newton", "mu=0"}), 2, {"mu", "got 0"}));
  EXPECT_TRUE(fails(construct({"logistic-newton", "mu=-1"}), 2, {"mu", "got -1"}));
  EXPECT_TRUE(fails(construct({"newton-regression", "n=4"}), 2, {"singular", "got 4"}));
  EXPECT_TRUE(fails(construct({"symmetric-inverse", "order=3"}), 2, {"unknown key", "order"}));
  EXPECT_TRUE(fails(construct({"symmetric-inverse", "condition=0.5"}), 2, {"condition", "0.5"}));
  EXPECT_TRUE(fails(run_gramian({"construct", "symmetric-inverse"}), 2, {"--out"}));
  EXPECT_TRUE(fails(run_gramian({"construct"}), 2, {"--list"}));
  EXPECT_FALSE(std::filesystem::exists(out));
  ASSERT_TRUE(succeeds(construct({"gradient-descent"})));
  EXPECT_TRUE(fails(construct({"gradient-descent"}), 3, {"is not empty"}));
  EXPECT_TRUE(fails(run_gramian({"train", out + "/config.toml", "--out", folder / "t",
                                 "model.kind=transformer", "model.described=true"}),
                    2, {"nothing to train"}));

  const auto list = run_gramian({"construct", "--list"});
  ASSERT_TRUE(succeeds(list));
  for (const NamedConstruction& construction : all_constructions())
    EXPECT_NE(list.out.find("\n" + std::string(construction.name) + " "),
              construction.name == "gradient-descent" ? 0 : list.out.npos);
}

}  // namespace
}  // namespace gramian
