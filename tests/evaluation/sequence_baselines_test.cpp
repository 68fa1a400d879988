// Predictors that learn a sequence in context, against plain matrices; losses by position.
#include "gramian/evaluation/sequence_baselines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "gramian/base/decompositions.h"
#include "gramian/evaluation/position_scores.h"
#include "gramian/lanes/view.h"
#include "gramian/tasks/sequence_tokens.h"
#include "gramian/theory/sequence_constructions.h"

namespace gramian {
namespace {

TokenTask dynamics(SequenceFamily family, SequenceLayout layout, int d, int tokens) {
  return TokenTask(
      sequence_tokens(
          {.family = family, .layout = layout, .tokens = tokens, .state = d, .observed = d})
          .value());
}

// Observations of lane p, [T, d].
RowMajorMatrix observations(const TokenTask& task, const TokenBlock<double>& block, std::size_t p) {
  const int d = task.answers().outputs, first = task.source().observation().value();
  RowMajorMatrix s(task.tokens(), d);
  for (int t = 0; t < task.tokens(); ++t) {
    for (int i = 0; i < d; ++i)
      s(t, i) = block.tokens[static_cast<std::size_t>(t * task.width() + first + i) * kLanes + p];
  }
  return s;
}

// The pairs (z_j, s_{j+1}) with j + 1 <= t that count, as columns of two matrices.
struct PairsSoFar {
  Eigen::MatrixXd inputs, targets;
};
PairsSoFar pairs_so_far(const RowMajorMatrix& s, int t, int lags, int stride) {
  const Eigen::Index d = s.cols();
  PairsSoFar pairs{Eigen::MatrixXd::Zero(d * lags, t + 1), Eigen::MatrixXd::Zero(d, t + 1)};
  for (int j = 0; j < t; j += stride) {
    for (int lag = 0; lag < lags && lag <= j; ++lag)
      pairs.inputs.col(j).segment(lag * d, d) = s.row(j - lag).transpose();
    pairs.targets.col(j) = s.row(j + 1).transpose();
  }
  return pairs;
}

TEST(SequenceBaselines, AreTheirDefinitions) {
  for (const auto layout : {SequenceLayout::raw, SequenceLayout::constructed}) {
    for (const auto family : {SequenceFamily::linear, SequenceFamily::regression}) {
      const TokenTask task = dynamics(family, layout, 3, 9);
      const int stride = family == SequenceFamily::regression ? 2 : 1;
      TokenBlock<double> block;
      TokenSampler<double>(task).sample({.seed = 5}, kLanes, block);
      std::vector<double> least(lane_size(27)), cubic(lane_size(27));
      least_squares_predictor(task, 0.3, 2)()->predict(block, least.data(), nullptr);
      polynomial_predictor(task, {0.5, -0.2, 0.1, 0.05}, 4)()->predict(block, cubic.data(),
                                                                       nullptr);
      const RowMajorMatrix s = observations(task, block, 3);
      for (int t = 0; t < 9; ++t) {
        const auto [z, y] = pairs_so_far(s, t, 2, stride);
        Eigen::VectorXd query = Eigen::VectorXd::Zero(6);
        query.head(3) = s.row(t).transpose();
        if (t > 0) query.tail(3) = s.row(t - 1).transpose();
        const Eigen::MatrixXd ridge = z * z.transpose() + 0.3 * Eigen::MatrixXd::Identity(6, 6);
        const Eigen::VectorXd want = y * z.transpose() * ridge.partialPivLu().solve(query);
        const auto [x, next] = pairs_so_far(s, t, 1, stride);
        const Eigen::MatrixXd one = Eigen::MatrixXd::Identity(3, 3);
        const Eigen::MatrixXd h = 0.5 * x * x.transpose() - one;
        const Eigen::MatrixXd p =
            0.5 * one - 0.2 * h + 0.1 * (2 * h * h - one) + 0.05 * (4 * h * h * h - 3 * h);
        const Eigen::VectorXd power = next * x.transpose() * p * s.row(t).transpose();
        for (int i = 0; i < 3; ++i) {
          const auto place = static_cast<std::size_t>(t * 3 + i) * kLanes + 3;
          EXPECT_NEAR(least[place], want(i), 1e-11 * (1 + want.norm()));
          EXPECT_NEAR(cubic[place], power(i), 1e-11 * (1 + power.norm()));
        }
      }
    }
  }
}

// Tuned steps are the minimum of the loss; a higher degree is better, but for high powers, whose
// loss a rare prompt can carry; and least squares is what an oracle knows: (d - t + 1) / 6 up to
// t = d without noise.
TEST(SequenceBaselines, AreTunedToTheBest) {
  const TokenTask task = dynamics(SequenceFamily::linear, SequenceLayout::raw, 3, 15);
  ThreadPool pool(2);
  const auto tuned = SequenceBaselines::tune(task, 2000, 3, pool);
  EXPECT_EQ(tuned.lags, 1);
  EXPECT_LE(tuned.ridge, 1e-2);
  const auto loss = [&](double step) {
    const std::vector<NamedPredictor> one{{"", polynomial_predictor(task, {step}, 1)}};
    return position_losses(task, one, 4000, 9, pool).value()[0].loss.mean();
  };
  const double at = loss(tuned.step());
  EXPECT_LT(at, loss(0.9 * tuned.step()));
  EXPECT_LT(at, loss(1.1 * tuned.step()));
  const auto all = position_losses(task, tuned.predictors(task), 4000, 9, pool).value();
  EXPECT_EQ(all[1].loss.mean(), at);
  for (std::size_t k = 2; k + 1 < all.size(); ++k)
    EXPECT_LT(all[k].loss.mean(), (k < 5 ? 1 : 1.5) * all[k - 1].loss.mean()) << k;
  EXPECT_LT(all.back().loss.mean(), all[all.size() - 2].loss.mean());
  for (const std::size_t t : {1u, 2u}) {  // t = 2 and 3
    const RunningMean& here = all.back().positions[t];
    EXPECT_NEAR(here.mean(), (3.0 - static_cast<double>(t)) / 6, 4 * here.standard_error() + 0.01);
  }
  EXPECT_LT(all.back().positions[5].mean(), 0.01);
}

// The construction of Proposition 1 is a step of gradient descent: on the same prompts the model of
// an evaluation has the losses of that predictor, at every position.
TEST(PositionScores, AConstructedNetworkHasTheLossesOfItsAlgorithm) {
  const TokenTask task = dynamics(SequenceFamily::linear, SequenceLayout::pairs, 3, 8);
  const auto built = sequence_descent({.d = 3, .tokens = 8, .step = 0.2}).value();
  ThreadPool one(1), three(3);
  const std::vector<NamedPredictor> both{{"model", predictor(task, built.network)},
                                         {"descent", polynomial_predictor(task, {0.2}, 1)}};
  const auto losses = position_losses(task, both, 1000, 4, one).value();
  const auto again = position_losses(task, both, 1000, 4, three).value();
  for (std::size_t t = 0; t < 8; ++t) {
    EXPECT_NEAR(losses[0].positions[t].mean(), losses[1].positions[t].mean(), 1e-12);
    EXPECT_EQ(losses[0].positions[t].mean(), again[0].positions[t].mean());
    EXPECT_EQ(losses[0].positions[t].count(), 1000u);
  }
  const auto scores = position_scores(task, built.network, 100, 4, one, {}).value();
  EXPECT_EQ(scores.names.front(), "model");
  EXPECT_EQ(scores.names.back(), "least-squares");
  const std::string json = position_json(scores), table = position_table(scores);
  for (const std::string& name : scores.names) {
    EXPECT_NE(json.find('"' + name + '"'), json.npos);
    EXPECT_NE(table.find('\n' + name), table.npos);
  }
  EXPECT_NE(json.find("\"tuned\""), json.npos);
}

}  // namespace
}  // namespace gramian
