// Inputs of a prescribed condition number: their laws, their addresses, and what is refused.
#include "gramian/tasks/conditioned_pairs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "gramian/base/decompositions.h"
#include "gramian/lanes/block.h"
#include "gramian/tasks/token_task.h"
#include "tests/support/errors.h"

namespace gramian {
namespace {

using test::is_error;

TokenTask conditioned_task(const ConditionedSpec& spec) {
  return TokenTask::create(conditioned_pairs(spec).value(), TokenLayout::joined).value();
}

struct ConditionedPrompt {
  Eigen::MatrixXd x;     // [n + 1, d], the query last
  Eigen::VectorXd y, w;  // [n], [d]
  double target = 0;
};

std::vector<ConditionedPrompt> draw_conditioned(const ConditionedSpec& spec, int count,
                                                PhiloxAddress address = {.seed = 5, .stream = 1}) {
  const TokenTask task = conditioned_task(spec);
  TokenSampler<double> sampler(task);
  TokenBlock<double> block;
  std::vector<ConditionedPrompt> list;
  for (; count > 0; count -= kLanes, address.first += kLanes) {
    const int lanes = std::min(count, static_cast<int>(kLanes));
    sampler.sample(address, lanes, block);
    for (int p = 0; p < lanes; ++p) {
      const auto at = [&](int row, int column) {
        return block.tokens[static_cast<std::size_t>(row * task.width() + column) * kLanes +
                            static_cast<std::size_t>(p)];
      };
      ConditionedPrompt prompt{.x = Eigen::MatrixXd(spec.n + 1, spec.d),
                               .y = Eigen::VectorXd(spec.n),
                               .w = Eigen::VectorXd(spec.d),
                               .target = block.target[static_cast<std::size_t>(p)]};
      for (int j = 0; j <= spec.n; ++j) {
        for (int i = 0; i < spec.d; ++i) prompt.x(j, i) = at(j, i);
        if (j < spec.n) prompt.y(j) = at(j, spec.d);
      }
      for (int i = 0; i < spec.d; ++i)
        prompt.w(i) =
            block.truth[static_cast<std::size_t>(i) * kLanes + static_cast<std::size_t>(p)];
      list.push_back(std::move(prompt));
    }
  }
  return list;
}

// One covariance for all prompts: its eigenvalues are found from 320,000 inputs, to half a percent.
TEST(ConditionedPairs, InputsHaveThatConditionNumber) {
  const ConditionedSpec spec{
      .d = 4, .n = 99, .condition = 50, .lowest = 2, .highest = 6, .shared = 1'000'000};
  const auto prompts = draw_conditioned(spec, 3200);
  Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(4, 4);
  for (const auto& prompt : prompts) sum += prompt.x.transpose() * prompt.x;
  const Eigen::VectorXd l =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(sum / (3200.0 * 100)).eigenvalues();
  // A relative deviation of sqrt(2 / 320,000) = 0.0025 each; four of them.
  EXPECT_NEAR(l(3) / l(0) / 50, 1, 0.015);
  EXPECT_GT(l(3), 2 * 0.99);
  EXPECT_LT(l(3), 6 * 1.01);
  EXPECT_GE(l(1), l(0));
  // The basis is no special one: no input direction is an eigenvector.
  const Eigen::MatrixXd scaled = sum / (3200.0 * 100);
  EXPECT_GT(scaled.cwiseAbs().sum() - scaled.diagonal().cwiseAbs().sum(), 0.1 * l(3));
}

// Largest eigenvalues, rotations and weights: means over covariances, in standard errors.
TEST(ConditionedPairs, CovariancesAndWeightsFollowTheirLaws) {
  const ConditionedSpec spec{
      .d = 2, .n = 1, .condition = 1, .lowest = 1, .highest = 3, .shared = 1};
  const int count = 8000;
  const auto prompts = draw_conditioned(spec, count);
  // kappa = 1: Sigma = l I with l ~ U(1, 3), so that E |x|^2 = 2 E l = 4 and
  // E |x|^4 = 8 E l^2 = 8 (4 + 1/3).
  double squares = 0, fourth = 0, w = 0, ww = 0;
  for (const auto& prompt : prompts) {
    const double s = prompt.x.row(0).squaredNorm();
    squares += s / count;
    fourth += s * s / count;
    w += prompt.w.sum() / count;
    ww += prompt.w.squaredNorm() / count;
  }
  const double variance = 8 * (4 + 1.0 / 3) - 16;
  EXPECT_NEAR(squares, 4, 4 * std::sqrt(variance / count));
  EXPECT_NEAR(fourth, 8 * (4 + 1.0 / 3), 4 * std::sqrt(5000.0 / count));
  EXPECT_NEAR(w, 0, 4 * std::sqrt(2.0 / count));
  EXPECT_NEAR(ww, 2, 4 * std::sqrt(4.0 / count));
}

TEST(ConditionedPairs, NeighboursShareACovarianceAndNothingElse) {
  // With d = 1 and n large the mean square of x is the eigenvalue.
  ConditionedSpec spec{.d = 1, .n = 2000, .lowest = 1, .highest = 100, .shared = 4};
  const auto shared = draw_conditioned(spec, 12);
  const auto level = [](const ConditionedPrompt& prompt) { return prompt.x.squaredNorm() / 2001; };
  for (std::size_t p = 0; p < 12; ++p) {
    // A relative deviation of sqrt(2 / 2001) = 0.032.
    EXPECT_NEAR(level(shared[p]) / level(shared[p / 4 * 4]), 1, 0.25) << p;
    if (p > 0) {
      EXPECT_NE(shared[p].w(0), shared[p - 1].w(0));
    }
  }
  EXPECT_GT(std::abs(level(shared[0]) / level(shared[4]) - 1), 0.3);
  EXPECT_GT(std::abs(level(shared[0]) / level(shared[8]) - 1), 0.3);
  // The address alone decides: the sixth prompt, drawn first of another block.
  const auto alone = draw_conditioned(spec, 1, {.seed = 5, .stream = 1, .first = 6});
  EXPECT_EQ(alone[0].x, shared[6].x);
  EXPECT_EQ(alone[0].y, shared[6].y);
  // Another step, another covariance.
  const auto other = draw_conditioned(spec, 1, {.seed = 5, .stream = 1, .step = 1});
  EXPECT_NE(other[0].x(0, 0), shared[0].x(0, 0));
}

// d = 4 and n = 6, stages of 10 steps: two inputs and three pairs, three and five, all. What is not
// zero is what it would be without a curriculum.
TEST(ConditionedPairs, ACurriculumBeginsWithTwoInputs) {
  const ConditionedSpec whole{.d = 4, .n = 6, .condition = 3};
  ConditionedSpec staged = whole;
  staged.curriculum = 10;
  struct Case {
    std::uint32_t stream, step;
    int inputs, pairs;
  };
  for (const Case& c : {Case{kTrainingStream, 0, 2, 3},
                        {kTrainingStream, 9, 2, 3},
                        {kTrainingStream, 10, 3, 5},
                        {kTrainingStream, 20, 4, 6},
                        {kTrainingStream, 4'000'000'000, 4, 6},
                        {kEvaluationStream, 0, 4, 6}}) {
    const PhiloxAddress address{.seed = 5, .stream = c.stream, .step = c.step};
    const auto all = draw_conditioned(whole, 1, address)[0];
    const auto prompt = draw_conditioned(staged, 1, address)[0];
    for (int i = 0; i < 4; ++i) EXPECT_EQ(prompt.w(i), i < c.inputs ? all.w(i) : 0);
    for (int j = 0; j <= 6; ++j) {
      const bool is_there = j < c.pairs || j == 6;
      for (int i = 0; i < 4; ++i)
        EXPECT_EQ(prompt.x(j, i), is_there && i < c.inputs ? all.x(j, i) : 0) << c.step;
      if (j < 6) {
        EXPECT_NEAR(prompt.y(j), prompt.x.row(j).dot(prompt.w), 1e-14);
      }
    }
    EXPECT_NEAR(prompt.target, prompt.x.row(6).dot(prompt.w), 1e-14);
  }
}

TEST(ConditionedPairs, TargetsAreThoseOfTheResponse) {
  ConditionedSpec spec{.d = 3, .n = 40};
  for (const auto& prompt : draw_conditioned(spec, 20)) {
    for (int j = 0; j < 40; ++j) EXPECT_NEAR(prompt.y(j), prompt.x.row(j).dot(prompt.w), 1e-14);
    EXPECT_NEAR(prompt.target, prompt.x.row(40).dot(prompt.w), 1e-14);
  }
  spec.noise = NoisePrior::constant(0.1).value();
  double squares = 0;
  for (const auto& prompt : draw_conditioned(spec, 100)) {
    for (int j = 0; j < 40; ++j)
      squares += std::pow(prompt.y(j) - prompt.x.row(j).dot(prompt.w), 2) / 4000;
    EXPECT_NEAR(prompt.target, prompt.x.row(40).dot(prompt.w), 1e-14);
  }
  EXPECT_NEAR(squares, 0.01, 4 * 0.01 * std::sqrt(2.0 / 4000));

  spec.response = Response::sign;
  spec.unit_norm = true;
  for (const auto& prompt : draw_conditioned(spec, 20)) {
    for (int j = 0; j <= 40; ++j) {
      EXPECT_NEAR(prompt.x.row(j).norm(), 1, 1e-14);
      const double label = prompt.x.row(j).dot(prompt.w) > 0 ? 1 : -1;
      EXPECT_EQ(j < 40 ? prompt.y(j) : prompt.target, label);
    }
  }
  // Labels by chance: their mean is that of their probabilities, and some are against the sign.
  spec.response = Response::bernoulli;
  double difference = 0, variance = 0;
  int against = 0;
  for (const auto& prompt : draw_conditioned(spec, 100)) {
    for (int j = 0; j < 40; ++j) {
      const double t = prompt.x.row(j).dot(prompt.w), p = 1 / (1 + std::exp(-t));
      EXPECT_EQ(std::abs(prompt.y(j)), 1);
      difference += t * (prompt.y(j) - (2 * p - 1));
      variance += t * t * 4 * p * (1 - p);
      against += prompt.y(j) * t < 0;
    }
  }
  EXPECT_NEAR(difference, 0, 4 * std::sqrt(variance));
  EXPECT_GT(against, 200);
}

TEST(ConditionedPairs, AFloatPromptIsItsDoubleRounded) {
  const TokenTask task = conditioned_task({.d = 3, .n = 4, .condition = 10});
  TokenBlock<double> exact;
  TokenBlock<float> rounded;
  TokenSampler<double>(task).sample({.seed = 9}, kLanes, exact);
  TokenSampler<float>(task).sample({.seed = 9}, kLanes, rounded);
  for (std::size_t i = 0; i < exact.tokens.size(); ++i)
    EXPECT_EQ(rounded.tokens[i], static_cast<float>(exact.tokens[i]));
}

TEST(ConditionedPairs, RefusesWhatIsNoCovariance) {
  EXPECT_TRUE(is_error(conditioned_pairs({.condition = 0.5}), ErrorKind::config,
                       {"[task.condition]", "got 0.5"}));
  EXPECT_TRUE(is_error(conditioned_pairs({.lowest = 0, .highest = 1}), ErrorKind::config,
                       {"[task.largest]", "[0, 1]"}));
  EXPECT_TRUE(is_error(conditioned_pairs({.lowest = 2, .highest = 1}), ErrorKind::config,
                       {"[task.largest]"}));
  EXPECT_TRUE(is_error(conditioned_pairs({.shared = 0}), ErrorKind::config, {"[task.shared]"}));
  EXPECT_TRUE(is_error(conditioned_pairs({.response = Response::sign, .curriculum = 10}),
                       ErrorKind::config, {"[task.curriculum]", "got 10"}));
  EXPECT_TRUE(is_error(conditioned_pairs({.d = 0}), ErrorKind::config, {"[task.d]"}));
}

}  // namespace
}  // namespace gramian
