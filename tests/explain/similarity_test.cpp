#include "gramian/explain/similarity.h"

#include <gtest/gtest.h>

#include "gramian/theory/constructions.h"
#include "tests/support/networks.h"

namespace gramian::test {
namespace {

constexpr double kNoThreshold = 1e30;

// Tuned to four digits, so that the weights agree to about as many and their squares to eight.
TEST(Similarity, GradientDescentIsFoundStepByStep) {
  const RegressionTask task = small_task(5, 15, uniform(0, 2));
  const Network network =
      network_of(constructions::gradient_descent(3, 0.35), 5, ContextScale::mean);
  ThreadPool pool(2);
  const Similarity found = compare_layers(task, network, 4, 64, kNoThreshold, 1, pool);
  ASSERT_EQ(found.matches.size(), 3u);
  for (std::size_t l = 0; l < 3; ++l) {
    const Match& match = found.matches[l];
    const AlgorithmFamily& family = found.families[match.family];
    EXPECT_EQ(family.name, "gd");
    EXPECT_EQ(family.columns[match.column], std::to_string(l + 1));
    EXPECT_LT(match.distance, 1e-7);
    for (const auto& [name, value] : family.constants[l][match.column]) {
      if (name == "step_size") {
        EXPECT_NEAR(value, 0.35 / 15, 1e-3 * 0.35 / 15);
      }
    }
  }
  // A fixed step from zero is not what conjugate gradients do after two of them.
  for (const AlgorithmFamily& family : found.families) {
    if (family.name == "cg") {
      EXPECT_GT(family.distance[2][1], 1e-4);
    }
  }
}

// 2^k steps of gradient descent are k of Newton's iteration from the same multiple of I; with 4
// steps of gradient descent to choose from, eight are taken for three of Newton's.
TEST(Similarity, NewtonIsGradientDescentWithTwoToTheKSteps) {
  const RegressionTask task = small_task(4, 12, uniform(0, 2));
  const Network network =
      network_of(constructions::gradient_descent(8, 0.3), 4, ContextScale::mean);
  ThreadPool pool(1);
  const Similarity found = compare_layers(task, network, 4, 48, kNoThreshold, 1, pool);
  const Match& match = found.matches[7];
  EXPECT_EQ(found.families[match.family].name, "newton");
  EXPECT_EQ(found.families[match.family].columns[match.column], "3");
  EXPECT_LT(match.distance, 1e-7);
}

TEST(Similarity, CurvatureCorrectionIsTakenForWhatItIs) {
  const RegressionTask task = small_task(5, 15, uniform(0, 2));
  const std::vector<constructions::CorrectedStep> steps(3, {.step = 0.3, .curvature = 0.06});
  const Network network =
      network_of(constructions::corrected_descent(steps), 5, ContextScale::mean);
  ThreadPool pool(2);
  const Similarity found = compare_layers(task, network, 3, 64, kNoThreshold, 1, pool);
  EXPECT_EQ(found.families[found.matches[0].family].name,
            "gd");  // one step is a step, with less to tune
  for (std::size_t l = 1; l < 3; ++l) {
    EXPECT_EQ(found.families[found.matches[l].family].name, "gdpp");
    EXPECT_EQ(found.matches[l].column, l);
    EXPECT_LT(found.matches[l].distance, 1e-6);
  }
}

// A family takes its words from its solver, however many there are.
TEST(Similarity, EachStepSolverIsAFamilyWithItsOwnTitle) {
  const RegressionTask task = small_task(2, 6, uniform(0, 2));
  const Network network =
      network_of(constructions::gradient_descent(1, 0.3), 2, ContextScale::mean);
  ThreadPool pool(1);
  const Similarity found = compare_layers(task, network, 2, 8, kNoThreshold, 1, pool);
  const auto solvers = make_step_solvers(1);
  ASSERT_GT(found.families.size(), solvers.size());
  for (std::size_t s = 0; s < solvers.size(); ++s) {
    EXPECT_EQ(found.families[s].name, solvers[s]->name());
    EXPECT_EQ(found.families[s].title, solvers[s]->title());
    EXPECT_NE(solvers[s]->title(), solvers[s]->name()) << "a key is no title";
    for (std::size_t other = 0; other < s; ++other) {
      EXPECT_NE(solvers[s]->title(), solvers[other]->title());
    }
  }
}

TEST(Similarity, ExplodedPromptsAreLeftOutAndCounted) {
  const RegressionTask task = small_task(3, 6, uniform(0, 2));
  const Network network = network_of(constructions::gradient_descent(6, 3), 3, ContextScale::mean);
  ThreadPool pool(1);
  const Similarity found = compare_layers(task, network, 1, 64, 100, 1, pool);
  EXPECT_GT(found.left_out, 32u);
  EXPECT_LT(found.left_out, 64u);
  const Similarity all = compare_layers(task, network, 1, 64, kNoThreshold, 1, pool);
  EXPECT_EQ(all.left_out, 0u);
}

TEST(Similarity, OneThreadAndTwoGiveTheSame) {
  const RegressionTask task = small_task(3, 8, uniform(0, 2));
  const Network network =
      network_of(constructions::gradient_descent(2, 0.4), 3, ContextScale::mean);
  ThreadPool one(1), two(2);
  const Similarity a = compare_layers(task, network, 2, 32, kNoThreshold, 1, one);
  const Similarity b = compare_layers(task, network, 2, 32, kNoThreshold, 1, two);
  for (std::size_t f = 0; f < a.families.size(); ++f)
    EXPECT_EQ(a.families[f].distance, b.families[f].distance);
}

}  // namespace
}  // namespace gramian::test
