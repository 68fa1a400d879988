#include "gramian/training/transformer_trainer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/models/transformer/flat.h"
#include "gramian/tape/tape_run.h"
#include "gramian/tasks/linear_pairs.h"
#include "gramian/tasks/sine_pairs.h"
#include "tests/support/files.h"

namespace gramian {
namespace {

TokenTask linear_task(TokenLayout layout = TokenLayout::joined) {
  TaskSpec spec;
  spec.d = 3;
  spec.n = 6;
  return TokenTask::create(linear_pairs(RegressionTask::create(spec).value()), layout).value();
}

TokenTask sine_task(TokenLayout layout = TokenLayout::joined) {
  return TokenTask::create(sine_pairs(6).value(), layout).value();
}

TransformerSpec spec_for(const TokenTask& task) {
  return describe({.tokens = task.tokens(),
                   .width = task.width(),
                   .positions = 2,
                   .embedding = 6,
                   .hidden = 8,
                   .layers = 2,
                   .softmax_layers = 1,
                   .clip = 10})
      .value();
}

TrainSpec short_token_run(Precision precision = Precision::float32) {
  TrainSpec spec;
  spec.seed = 4;
#ifdef GRAMIAN_SANITIZED  // a step takes a second and more
  spec.steps = 13;
#else
  spec.steps = 25;
#endif
  spec.batch = 300;  // neither a multiple of the lanes nor of the chunk
  spec.precision = precision;
  spec.loss.query = QueryMode::sampled;
  spec.loss.robust = 0;
  return spec;
}

Transformer start(const TokenTask& task) {
  return Transformer::initial(spec_for(task), 0.3, 4).value();
}

std::vector<double> run(const TokenTask& task, const TrainSpec& spec, int threads) {
  ThreadPool pool(threads);
  const auto trainer = TransformerTrainer::create(task, start(task), spec, pool);
  while (!trainer->done()) EXPECT_TRUE(trainer->step().has_value());
  return trainer->theta();
}

TEST(TransformerTrainer, AnyNumberOfThreadsGivesTheSameBits) {
#ifdef GRAMIAN_SANITIZED
  constexpr Precision kPrecisions[] = {Precision::float32};
  constexpr int kSteps = 4;
#else
  constexpr Precision kPrecisions[] = {Precision::float32, Precision::float64};
  constexpr int kSteps = 20;
#endif
  for (const TokenTask& task :
       {linear_task(TokenLayout::interleaved), sine_task(TokenLayout::interleaved)}) {
    for (const Precision precision : kPrecisions) {
      TrainSpec spec = short_token_run(precision), other = spec;
      spec.steps = other.steps = kSteps;
      other.seed = 5;
      const auto one = run(task, spec, 1);
      EXPECT_EQ(one, run(task, spec, 2));
      EXPECT_EQ(one, run(task, spec, 16));
      EXPECT_NE(one, run(task, other, 1));
    }
  }
}

TEST(TransformerTrainer, AResumedRunGivesTheBitsOfAnUninterruptedOne) {
  const TokenTask task = sine_task();
  const auto whole = run(task, short_token_run(), 2);
  ThreadPool pool(2);
  const auto first = TransformerTrainer::create(task, start(task), short_token_run(), pool);
  for (int i = 0; i < 11; ++i) ASSERT_TRUE(first->step().has_value());
  const auto second = TransformerTrainer::create(task, start(task), short_token_run(), pool);
  second->restore(first->state());
  EXPECT_EQ(second->steps_done(), 11);
  while (!second->done()) ASSERT_TRUE(second->step().has_value());
  EXPECT_EQ(second->theta(), whole);
}

// The first step of Adam goes by the sign of the gradient of the mean loss, which central
// differences know.
TEST(TransformerTrainer, StepsAgainstTheGradientOfTheLoss) {
  const TokenTask task = sine_task();
  TrainSpec spec = short_token_run(Precision::float64);
  spec.batch = 37;
  spec.optimiser.warmup = 0;
  ThreadPool pool(1);
  const Transformer initial = start(task);
  const auto trainer = TransformerTrainer::create(task, initial, spec, pool);
  const auto report = trainer->step();
  ASSERT_TRUE(report);
  const RecordedTransformer& recorded = initial.recorded();
  const auto loss = [&](const std::vector<double>& theta) {
    TapeRun<double> run(recorded.tape);
    TokenSampler<double> sampler(task);
    TokenBlock<double> block;
    double sum = 0;
    for (int first = 0; first < 37; first += kLanes) {
      const int count = std::min(kLanes, 37 - first);
      sampler.sample(
          {.seed = 4, .stream = kTrainingStream, .first = static_cast<std::uint32_t>(first)}, count,
          block);
      std::copy(block.tokens.begin(), block.tokens.end(), run.values(recorded.tokens));
      run.forward(theta.data());
      const double* y = run.values(recorded.output);
      for (int p = 0; p < count; ++p)
        sum += 0.5 * (y[p] - block.target[p]) * (y[p] - block.target[p]);
    }
    return sum / 37;
  };
  EXPECT_NEAR(report->loss, loss(initial.theta), 1e-12);
  double squares = 0;
  for (std::size_t i = 0; i < initial.theta.size(); ++i) {
    auto up = initial.theta, down = initial.theta;
    up[i] += 1e-5, down[i] -= 1e-5;
    const double slope = (loss(up) - loss(down)) / 2e-5;
    squares += slope * slope;
    const double moved = trainer->theta()[i] - initial.theta[i];
    if (std::abs(slope) < 1e-6) continue;
    EXPECT_NEAR(moved, -report->learning_rate * (slope > 0 ? 1 : -1), 0.02 * report->learning_rate)
        << i;
  }
  EXPECT_NEAR(report->gradient_norm, std::sqrt(squares), 1e-6 * std::sqrt(squares));
}

TEST(TransformerTrainer, LearnsAndLeavesOutWhatExplodes) {
  const TokenTask task = linear_task();
  const TransformerSpec spec{.stem = {.tokens = 7, .width = 4}};
  TrainSpec train = short_token_run();
  train.steps = 300;
  train.batch = 256;
  train.optimiser.learning_rate = 0.02;
  ThreadPool pool(2);
  const auto trainer =
      TransformerTrainer::create(task, Transformer::initial(spec, 0.3, 1).value(), train, pool);
  double first = 0, last = 0;
  while (!trainer->done()) {
    const auto report = trainer->step();
    ASSERT_TRUE(report);
    EXPECT_EQ(report->dropped, 0);
    if (report->step <= 20) first += report->loss / 20;
    if (report->step > 280) last += report->loss / 20;
  }
  EXPECT_LT(
      last,
      0.75 * first);  // one step of gradient descent: d (d + 1) / (n + d + 1) / 2 = 0.6, zero: 1.5

  Transformer wild = Transformer::initial(spec, 0.3, 1).value();
  for (double& w : wild.theta) w *= 1e20;
  const auto exploding = TransformerTrainer::create(task, wild, train, pool)->step();
  EXPECT_TRUE(test::is_error(exploding, ErrorKind::numeric, {"diverged", "step 1"}));
}

TEST(TransformerTrainer, GradientDescentGoesAgainstTheGradientByItsRate) {
  const TokenTask task = linear_task();
  TrainSpec spec = short_token_run(Precision::float64);
  spec.method = Method::sgd;
  spec.optimiser = {.learning_rate = 0.3,
                    .final_learning_rate = 1,
                    .schedule = Schedule::constant,
                    .warmup = 0,
                    .clip_norm = 0};
  ThreadPool pool(1);
  const auto trainer = TransformerTrainer::create(task, start(task), spec, pool);
  const std::vector<double> before = trainer->theta();
  const auto report = trainer->step();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->learning_rate, 0.3);
  double squares = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const double change = trainer->theta()[i] - before[i];
    squares += change * change;
  }
  EXPECT_NEAR(std::sqrt(squares), 0.3 * report->gradient_norm, 1e-12);
}

TEST(TransformerTrainer, RefusesWhatIsForLinearTransformers) {
  const TokenTask task = linear_task();
  const auto refused = [&](TransformerSpec spec, TrainSpec train,
                           std::initializer_list<std::string_view> parts) {
    return test::is_error(check(task, spec, train), ErrorKind::config, parts);
  };
  EXPECT_TRUE(check(task, spec_for(task), short_token_run()));
  TrainSpec train = short_token_run();
  train.loss.guards = 1;
  EXPECT_TRUE(refused(spec_for(task), train, {"[train.guards]"}));
  train = short_token_run();
  train.method = Method::soap;
  EXPECT_TRUE(refused(spec_for(task), train, {"[train.optimiser]"}));
  train = short_token_run();
  train.loss.prediction = PredictionLoss::hinge;
  EXPECT_TRUE(refused(spec_for(task), train, {"[train.loss]", "linear regression"}));
  TransformerSpec spec{.stem = {.tokens = 9, .width = 4}};
  EXPECT_TRUE(refused(spec, short_token_run(), {"9 tokens of 4", "7 of 4"}));
  spec.stem.tokens = 7;
  spec.readout.rows = ReadoutRows::every;
  EXPECT_TRUE(refused(spec, short_token_run(), {"output of 7", "target of 1"}));
  spec.blocks.clear();
  EXPECT_TRUE(refused(spec, short_token_run(), {"blocks.size"}));
}

}  // namespace
}  // namespace gramian
