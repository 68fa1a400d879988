// Prompts of regression, and what is beside networks on them.
#include "gramian/papers/mesa_optimisation/few_shot.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/base/decompositions.h"
#include "gramian/evaluation/sequence_baselines.h"
#include "gramian/lanes/view.h"
#include "gramian/models/transformer/learned_tokens.h"
#include "gramian/papers/mesa_optimisation/raw.h"
#include "gramian/runs/transformer_family.h"
#include "gramian/training/retraining.h"
#include "gramian/training/transformer_trainer.h"

namespace gramian::mesa_optimisation {
namespace {

constexpr std::size_t kSmallD = 3, kSmallTokens = 8;

struct DrawnPrompt {
  RowMajorMatrix tokens, targets;
  std::vector<double> weights, truth;
};

DrawnPrompt draw_prompt(const TokenTask& task, std::size_t p) {
  TokenBlock<double> block;
  TokenSampler<double>(task).sample({.seed = 5, .stream = kEvaluationStream}, 4, block);
  const auto tokens = static_cast<std::size_t>(task.tokens());
  const auto width = static_cast<std::size_t>(task.width());
  const auto d = static_cast<std::size_t>(task.answers().outputs);
  DrawnPrompt drawn{RowMajorMatrix(tokens, width), RowMajorMatrix(tokens, d),
                    std::vector<double>(tokens),
                    std::vector<double>(static_cast<std::size_t>(task.source().truth()))};
  LaneView<const double>(block.tokens.data(), tokens, width).copy_out(p, drawn.tokens.data());
  LaneView<const double>(block.target.data(), tokens, d).copy_out(p, drawn.targets.data());
  LaneView<const double>(block.weights.data(), tokens).copy_out(p, drawn.weights.data());
  LaneView<const double>(block.truth.data(), drawn.truth.size()).copy_out(p, drawn.truth.data());
  return drawn;
}

RowMajorMatrix map_of(const DrawnPrompt& drawn, std::size_t k) {
  return Eigen::Map<const RowMajorMatrix>(drawn.truth.data() + k * kSmallD * kSmallD, kSmallD,
                                          kSmallD);
}

TEST(FewShotPrompts, AreExamplesOfOneMapAndThenOfAnother) {
  const TokenTask task =
      few_shot_task({.d = kSmallD, .tokens = kSmallTokens, .change_after = 2, .noise = 0});
  for (const std::size_t p : {std::size_t{0}, std::size_t{3}}) {
    const DrawnPrompt drawn = draw_prompt(task, p);
    ASSERT_EQ(drawn.truth.size(), 2 * kSmallD * kSmallD);
    EXPECT_GT((map_of(drawn, 0) - map_of(drawn, 1)).norm(), 0.1);
    for (Eigen::Index t = 0; t < 8; t += 2) {
      const RowMajorMatrix w = map_of(drawn, t < 4 ? 0 : 1);
      const Eigen::VectorXd y = w * drawn.tokens.row(t).transpose();
      EXPECT_LT((drawn.targets.row(t).transpose() - y).norm(), 1e-12);
      EXPECT_LT((drawn.tokens.row(t + 1).transpose() - y).norm(), 1e-12);
      EXPECT_EQ(drawn.weights[static_cast<std::size_t>(t)], 1);
      EXPECT_EQ(drawn.weights[static_cast<std::size_t>(t + 1)], 0);
    }
  }
  EXPECT_NE(draw_prompt(task, 0).truth, draw_prompt(task, 3).truth);
}

TEST(FewShotPrompts, HaveSeparators) {
  const FewShotSpec spec{.d = kSmallD, .tokens = kSmallTokens, .separated = true, .noise = 0};
  EXPECT_EQ(spec.asked(), 3);
  const TokenTask task = few_shot_task(spec);
  EXPECT_EQ(task.width(), 4);
  const DrawnPrompt drawn = draw_prompt(task, 1);
  for (Eigen::Index t = 0; t < 8; ++t) {
    const bool is_separator = t % 3 == 2;
    EXPECT_EQ(drawn.tokens(t, 3), is_separator ? 1 : 0);
    EXPECT_EQ(drawn.tokens.row(t).head(3).norm() == 0, is_separator);
    EXPECT_EQ(drawn.weights[static_cast<std::size_t>(t)], t % 3 == 0 ? 1 : 0);
  }
  const Eigen::VectorXd y = map_of(drawn, 0) * drawn.tokens.row(3).head(3).transpose();
  EXPECT_LT((drawn.tokens.row(4).head(3).transpose() - y).norm(), 1e-12);
  EXPECT_LT((drawn.targets.row(3).transpose() - y).norm(), 1e-12);
}

// W has entries of variance 1/d, so that y is as large as x: E 1/2 |y|^2 = d/2. Noise is noise.
TEST(FewShotPrompts, HaveTheirMoments) {
  const FewShotSpec spec{.d = kSmallD, .tokens = kSmallTokens, .noise = 0.5};
  const TokenTask task = few_shot_task(spec);
  const auto zero = losses_by_examples(spec, task, {{"zero", zero_predictor(task)}}, 20'000);
  ASSERT_EQ(zero.front().size(), 4u);
  for (const Estimate& at : zero.front()) EXPECT_NEAR(at.mean, 3.0 / 2 * (1 + 0.25), 4 * at.se);
}

// After more than d examples least squares of the pairs knows W; of neighbours it does not.
TEST(FewShotPrompts, AreSolvedByLeastSquaresOfPairs) {
  const FewShotSpec spec{.d = kSmallD, .tokens = 24};
  const TokenTask task = few_shot_task(spec);
  const auto losses = losses_by_examples(spec, task,
                                         {{"pairs", least_squares_predictor(task, 3e-4, 1)},
                                          {"neighbours", least_squares_of_neighbours(task, 3e-4)}},
                                         2000);
  EXPECT_GT(losses[0][1].mean, 0.5);
  EXPECT_LT(losses[0].back().mean, 1e-3);
  EXPECT_GT(losses[1].back().mean, 0.1);
}

TEST(FewShotPrompts, NeighboursAreAllPairs) {
  const FewShotSpec spec{.d = kSmallD, .tokens = kSmallTokens};
  const TokenTask task = few_shot_task(spec);
  TokenBlock<double> block;
  TokenSampler<double>(task).sample({.seed = 5, .stream = kEvaluationStream}, 4, block);
  std::vector<double> predictions(lane_size(kSmallTokens * kSmallD));
  least_squares_of_neighbours(task, 0.01)()->predict(block, predictions.data(), nullptr);
  RowMajorMatrix found(kSmallTokens, kSmallD);
  LaneView<const double>(predictions.data(), kSmallTokens, kSmallD).copy_out(2, found.data());
  const RowMajorMatrix s = draw_prompt(task, 2).tokens;
  Eigen::MatrixXd h = 0.01 * Eigen::MatrixXd::Identity(kSmallD, kSmallD);
  Eigen::MatrixXd g = Eigen::MatrixXd::Zero(kSmallD, kSmallD);
  for (Eigen::Index t = 0; t < s.rows(); ++t) {
    if (t > 0) {
      g += s.row(t).transpose() * s.row(t - 1);
      h += s.row(t - 1).transpose() * s.row(t - 1);
    }
    const Eigen::VectorXd expected = g * h.ldlt().solve(Eigen::VectorXd(s.row(t).transpose()));
    EXPECT_LT((found.row(t).transpose() - expected).norm(), 1e-9 * (1 + expected.norm())) << t;
  }
}

// Learned vectors learn, and the network stays as it is.
TEST(FewShotPrompts, LearnedVectorsLearnAlone) {
  const RawSetting setting{.network = Stack::softmax};
  const Cell cell = setting.cell();
  const auto experiment = cell.make(cell.starts(0, {.quick = true}).front()).value();
  ThreadPool pool(1);
  const auto model = experiment->model(experiment->begin(pool, {}).value()->theta());
  const Transformer& network = dynamic_cast<const TransformerModel&>(*model).transformer();
  const auto more = with_learned_tokens(network, {.separator = true, .prefix = 2}, 3).value();
  const TokenTask task = few_shot_task({.tokens = setting.sizes.tokens, .separated = true});
  const TrainSpec how{.steps = 3,
                      .batch = 16,
                      .loss = {.query = QueryMode::sampled, .robust = 0},
                      .optimiser = {.clip_norm = 0},
                      .gauss_newton = {}};
  ASSERT_TRUE(check(task, more.network.spec(), how));
  const auto loop = TransformerTrainer::create(task, more.network, how, pool);
  ASSERT_TRUE(train_kept(*loop, more.learned));
  EXPECT_EQ(loop->steps_done(), 3);
  for (std::size_t i = 0; i < more.learned.size(); ++i)
    EXPECT_EQ(loop->theta()[i] != more.network.theta[i], more.learned[i]) << i;
}

}  // namespace
}  // namespace gramian::mesa_optimisation
