#include "gramian/explain/prompts.h"

#include <gtest/gtest.h>

#include "gramian/solvers/ridge.h"
#include "gramian/solvers/tune.h"
#include "tests/support/networks.h"

namespace gramian::test {
namespace {

TEST(Prompts, SetsShareNothingAndAreTheSameAgain) {
  const RegressionTask task = small_task(3, 8, uniform(0, 2));
  const auto a = draw_prompts(task, 1, PromptSet::probe, 20),
             again = draw_prompts(task, 1, PromptSet::probe, 40);
  const auto b = draw_prompts(task, 1, PromptSet::probe_test, 20);
  ASSERT_EQ(a.size(), 20u);
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].gram, again[i].gram);
    EXPECT_NE(a[i].sigma, b[i].sigma);
  }
}

// With the truth as target it is the loss of the truth; half of |v|_S^2 for v = 0, whatever S.
TEST(Prompts, LossesTowardsTargetsAreHalfTheSquaredDistance) {
  for (const WeightLaw law : {WeightLaw::isotropic, WeightLaw::inverse_covariance}) {
    const RegressionTask task =
        RegressionTask::create({.d = 2, .n = 9, .covariance = {2, 0.5, 0.5, 1}, .weights = law})
            .value();
    const auto prompts = draw_prompts(task, 2, PromptSet::similarity, 21);
    std::vector<std::vector<double>> targets;
    double half = 0;
    for (const Prompt& prompt : prompts) {
      targets.push_back({3 * prompt.truth[1], prompt.truth[0] - 1});
      half += 0.5 * squared_norm(task, targets.back()) / 21;
    }
    EXPECT_NEAR(mean_loss(FixedRidge("zero", INFINITY), spectra_towards(task, prompts, targets)),
                half, 1e-12 * half);
  }
}

}  // namespace
}  // namespace gramian::test
