// The paper's main problem, end to end: d = 10, n = 20, sigma ~ U[0, 5], every setting at its
// default but the number of steps. The goals are reached by several standard errors: DIAG is at
// 0.0572 with four layers, as after 4,000 steps, and FULL at 0.0601. Under a sanitizer this
// takes minutes and finds nothing that the others do not.
#ifndef GRAMIAN_SANITIZED

#include "tests/cli/process.h"

namespace gramian {
namespace {

using test::run_gramian;
using test::succeeds;
using test::Workshop;

struct Goal {
  const char* kind;
  const char* layers;
  const char* steps;
  double adjusted;  // at most, on 100,000 prompts
};

// Without it the names of the tests would hold raw bytes.
void PrintTo(const Goal& goal, std::ostream* out) { *out << goal.kind << ", L = " << goal.layers; }

class Paper : public testing::TestWithParam<Goal> {};

TEST_P(Paper, TrainedModelsReachThePublishedLoss) {
  const Goal goal = GetParam();
  const Workshop shop;
  const std::string config = GRAMIAN_SOURCE_DIR "/configs/paper_sigma5.toml";
  ASSERT_TRUE(succeeds(run_gramian(
      {"train", config, "--out", shop / "run", std::string("model.kind=") + goal.kind,
       std::string("model.layers=") + goal.layers, std::string("train.steps=") + goal.steps})));
  ASSERT_TRUE(succeeds(run_gramian({"eval", shop / "run", "--prompts", "100000"})));
  const nlohmann::json result = shop.json("run/eval.json");
  EXPECT_LE(result["adjusted"]["model"]["mean"], goal.adjusted);
  // No predictor is better than Bayes: one that seems to be was compared on other prompts, or
  // was told the noise level.
  EXPECT_GE(result["model_minus_bayes"]["mean"].get<double>(),
            -3 * result["model_minus_bayes"]["se"].get<double>());
  EXPECT_LT(result["adjusted"]["model"]["se"], 0.01);
}

INSTANTIATE_TEST_SUITE_P(Sigma5, Paper,
                         testing::Values(Goal{"diag", "2", "1000", 0.250},
                                         Goal{"diag", "4", "1500", 0.063},
                                         Goal{"full", "4", "3000", 0.066}),
                         [](const auto& goal) {
                           return std::string(goal.param.kind) + goal.param.layers;
                         });

}  // namespace
}  // namespace gramian

#endif
