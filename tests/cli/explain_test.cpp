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

TEST(ExplainCommand, RefusesWhatIsNoFinishedRun) {
  const Workshop shop;
  EXPECT_TRUE(fails(run_gramian({"explain", shop / "none"}), 3, {shop / "none", "does not exist"}));
  EXPECT_TRUE(
      fails(run_gramian({"explain", shop.config()}), 3, {shop.config(), "not a run directory"}));
  ASSERT_TRUE(succeeds(shop.train("run")));
  std::filesystem::remove(shop / "run/model.safetensors");
  EXPECT_TRUE(fails(run_gramian({"explain", shop / "run"}), 3, {"model.safetensors"}));
}

}  // namespace
}  // namespace gramian
