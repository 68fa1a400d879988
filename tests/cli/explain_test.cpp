// gramian explain from outside: a trained run, its section in a report, and what is refused.
#include <filesystem>

#include "tests/cli/process.h"

namespace gramian {
namespace {

using test::fails;
using test::run_gramian;
using test::slurp;
using test::succeeds;
using test::Workshop;

TEST(ExplainCommand, ExplainsARunAndWritesASectionOfTheReport) {
  const Workshop shop;
  ASSERT_TRUE(succeeds(shop.train("run")));
  std::filesystem::create_directories(shop / "study/results");
  const auto outcome = run_gramian({"explain", shop / "run", "--json",
                                    shop / "study/results/explain-run.json", "--prompts", "500",
                                    "--blowup-prompts", "500", "--retrain", "2", "--steps", "2"});
  ASSERT_TRUE(succeeds(outcome));
  for (const char* part :
       {"Layer 2: ", "omega_yx", "without omega_yy", "conjugate gradients", "linear probe"}) {
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part;
  }
  const auto json = shop.json("study/results/explain-run.json");
  EXPECT_EQ(json["study"], "explain-run");
  EXPECT_EQ(json["explanation"]["layers"].size(), 2u);
  EXPECT_EQ(json["runs"][0]["kind"], "diag");
  ASSERT_TRUE(succeeds(run_gramian({"report", shop / "study"})));
  EXPECT_NE(slurp(shop / "study/report.html").find("explain-run"), std::string::npos);
}

// The start is made again from the configuration: without a step of training nothing has changed
// but the rounding of a model file, from random weights and from computed ones.
TEST(ExplainCommand, MeasuresWhatTrainingChangedAgainstTheStart) {
  const Workshop shop;
  const auto changes = [&](const std::string& run, const char* init, const char* steps) {
    EXPECT_TRUE(succeeds(shop.train(run, {"model.kind=full", init, steps})));
    const auto outcome =
        run_gramian({"explain", shop / run, "--json", shop / (run + ".json"), "--prompts", "200",
                     "--blowup-prompts", "0", "--retrain", "0", "--steps", "1"});
    EXPECT_TRUE(succeeds(outcome));
    EXPECT_NE(outcome.out.find("Rank of what training changed"), std::string::npos);
    EXPECT_NE(outcome.out.find("Adjusted loss without a share of the weights"), std::string::npos);
    return shop.json(run + ".json")["explanation"]["changes"];
  };
  for (const char* init : {"model.init=gd", "model.init=gdpp_optimum"}) {
    const auto none = changes(std::string("none") + init, init, "train.steps=0");
    ASSERT_EQ(none["updates"].size(), 4u) << init;  // P and Q of two layers
    for (const auto& update : none["updates"]) EXPECT_LT(update["sigma"][0], 1e-15) << init;
  }
  // A network that was trained first lies in the run.
  const auto some = changes("some", "model.init=gdpp", "train.steps=20");
  ASSERT_EQ(some["updates"].size(), 4u);
  EXPECT_GT(some["updates"][0]["sigma"][0], 0);
  EXPECT_LT(some["updates"][0]["size"], 1);
  EXPECT_EQ(some["pruning"].size(), 8u);
  EXPECT_EQ(some["pruning"][0]["after"], nullptr);
}

// Of a transformer on tokens there is what training changed, and what pruning costs.
TEST(ExplainCommand, ExplainsTheChangesOfATransformer) {
  const Workshop shop;
  ASSERT_TRUE(
      succeeds(run_gramian({"train", std::string(GRAMIAN_SOURCE_DIR) + "/configs/one_layer.toml",
                            "--out", shop / "run", "train.steps=5", "eval.prompts=100"})));
  std::filesystem::create_directories(shop / "study/results");
  const std::string json = "study/results/explain-run.json";
  const auto outcome = run_gramian(
      {"explain", shop / "run", "--json", shop / json, "--prompts", "300", "--retrain", "2"});
  ASSERT_TRUE(succeeds(outcome));
  for (const char* part :
       {"a transformer on tokens", "Mean loss", "layers.0.heads.0.Q", "Rank of what training",
        "Mean loss without a share of the weights", "smallest first"}) {
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part;
  }
  const auto written = shop.json(json);
  EXPECT_EQ(written["runs"][0]["kind"], "transformer");
  const auto& changes = written["explanation"]["changes"];
  EXPECT_EQ(changes["updates"].size(), 4u);  // Q, K, V and P
  EXPECT_GT(changes["updates"][0]["sigma"][0], 0);
  EXPECT_EQ(changes["truncations"][0]["rank"], 0);
  EXPECT_TRUE(changes["pruning"][0]["after"]["mean"].is_number());
  ASSERT_TRUE(succeeds(run_gramian({"report", shop / "study"})));
  EXPECT_NE(slurp(shop / "study/report.html").find("What training changed in run"),
            std::string::npos);
}

TEST(ExplainCommand, RefusesWhatIsNoFinishedRun) {
  const Workshop shop;
  EXPECT_TRUE(fails(run_gramian({"explain", shop / "none"}), 3, {shop / "none", "does not exist"}));
  EXPECT_TRUE(
      fails(run_gramian({"explain", shop.config()}), 2, {shop.config(), "--task FILE.toml"}));
  ASSERT_TRUE(succeeds(shop.train("run")));
  std::filesystem::remove(shop / "run/model.safetensors");
  EXPECT_TRUE(fails(run_gramian({"explain", shop / "run"}), 3, {"model.safetensors"}));
}

}  // namespace
}  // namespace gramian
