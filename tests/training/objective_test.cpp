// Laws of every objective, through the one interface: its gradient against central differences,
// sums that do not depend on what was there before, prompts that are left out; and the hook of the
// loop.
#include "gramian/training/objective.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "gramian/models/transformer.h"
#include "gramian/models/transformer/flat.h"
#include "gramian/tasks/linear_pairs.h"
#include "gramian/tasks/pattern_pairs.h"
#include "gramian/training/gram_objective.h"
#include "gramian/training/loop.h"
#include "gramian/training/token_objective.h"
#include "gramian/training/trainer.h"

namespace gramian {
namespace {

struct Case {
  std::string name;
  std::function<std::unique_ptr<Objective>(Precision)> make;
  std::vector<double> theta;
  double robust;
  double middling = 1;  // a squared error that some prompts exceed and others do not
};

RegressionTask small_task(std::vector<double> covariance = {}) {
  TaskSpec spec;
  spec.d = 3;
  spec.n = 6;
  spec.noise = NoisePrior::uniform(0, 1).value();
  spec.covariance = std::move(covariance);
  return RegressionTask::create(spec).value();
}

Case gram_case(Parametrisation kind, const LossSpec& loss, double robust,
               std::vector<double> covariance = {}) {
  const RegressionTask task = small_task(std::move(covariance));
  const NetworkSpec spec{.kind = kind, .d = 3, .layers = 3};
  return {std::string(name_of(kind)) + (robust > 0 ? ", robust" : ""),
          [=](Precision precision) { return gram_objective(task, spec, loss, precision); },
          Network::initial(spec, {.noise = 0.05}, 6, 2).theta, robust};
}

Case token_case(double robust) {
  const auto task = TokenTask::create(linear_pairs(small_task()), TokenLayout::interleaved).value();
  const TransformerSpec spec = describe({.tokens = task.tokens(),
                                         .width = task.width(),
                                         .positions = 2,
                                         .embedding = 5,
                                         .hidden = 4,
                                         .layers = 2,
                                         .softmax_layers = 1})
                                   .value();
  const Transformer initial = Transformer::initial(spec, 0.3, 4).value();
  return {"tokens",
          [=](Precision precision) {
            return token_objective(task, initial.shared_recording(), precision);
          },
          initial.theta, robust};
}

// Neurons with fixed signs on labelled inputs, and a loss that the tape records.
Case hinge_case(double robust) {
  const auto task =
      TokenTask::create(pattern_pairs({.d = 4, .n = 10, .patterns = 4, .noise = 0.3}).value(),
                        TokenLayout::inputs)
          .value();
  const TransformerSpec spec = describe({.tokens = task.tokens(),
                                         .width = task.width(),
                                         .softmax_layers = 1,
                                         .query_in_keys = true,
                                         .neurons = 6})
                                   .value();
  const auto recorded =
      std::make_shared<const RecordedTransformer>(record_loss(spec, PredictionLoss::hinge).value());
  const TransformerStart start{.noise = 0.5, .query_key = 0.5, .value = 0.5};
  return {"hinge", [=](Precision precision) { return token_objective(task, recorded, precision); },
          Transformer::initial(spec, start, 4)->theta, robust, 2};
}

std::vector<Case> all_cases() {
  const std::vector<double> s{2.0, 0.5, 0.1, 0.5, 1.0, -0.3, 0.1, -0.3, 0.7};
  return {gram_case(Parametrisation::full, {}, 0),
          gram_case(Parametrisation::full, {}, 2, s),
          gram_case(Parametrisation::diag, {.query = QueryMode::sampled}, 2),
          gram_case(Parametrisation::gdpp, {.query = QueryMode::sampled}, 0, s),
          token_case(0),
          token_case(0.5),
          hinge_case(0),
          hinge_case(2)};
}

ChunkSums sums_in(Objective::Scratch& scratch, const Objective& objective,
                  std::span<const double> point, std::uint64_t prompts, double robust,
                  double exploded = 1e24, ChunkSums sums = {}) {
  sums.gradient.resize(objective.parameters());
  Theta theta(objective.precision(), objective.parameters());
  theta.assign(point);
  objective.run({.prompts = {.seed = 3, .stream = kTrainingStream, .count = prompts},
                 .theta = &theta,
                 .robust = robust,
                 .exploded = exploded},
                scratch, sums);
  return sums;
}

ChunkSums sums_at(const Objective& objective, std::span<const double> point, std::uint64_t prompts,
                  double robust, double exploded = 1e24, ChunkSums sums = {}) {
  return sums_in(*objective.scratch(false), objective, point, prompts, robust, exploded,
                 std::move(sums));
}

TEST(Objective, TheGradientEqualsCentralDifferencesOfTheLoss) {
  for (const Case& c : all_cases()) {
    SCOPED_TRACE(c.name);
    const auto objective = c.make(Precision::float64);
    const int prompts = 37;
    ASSERT_EQ(objective->parameters(), c.theta.size());
    const auto sums = sums_at(*objective, c.theta, prompts, c.robust);
    EXPECT_EQ(sums.dropped, 0);
    EXPECT_GT(sums.squared_error, 0);
    if (c.robust == 0) {
      EXPECT_NEAR(sums.robust_error, sums.squared_error, 1e-12);
    }
    const auto scratch = objective->scratch(false);
    const auto loss = [&](std::size_t i, double shift) {
      std::vector<double> point = c.theta;
      point[i] += shift;
      return 0.5 * sums_in(*scratch, *objective, point, prompts, c.robust).robust_error;
    };
    double scale = 0;
    for (const double g : sums.gradient) scale = std::max(scale, std::abs(g));
    for (std::size_t i = 0; i < c.theta.size(); ++i) {
      EXPECT_NEAR(sums.gradient[i], (loss(i, 1e-5) - loss(i, -1e-5)) / 2e-5, 1e-6 * scale) << i;
    }
  }
}

TEST(Objective, SumsDependOnTheChunkAlone) {
  for (const Case& c : all_cases()) {
    SCOPED_TRACE(c.name);
    const auto objective = c.make(Precision::float32);
    const auto sums = sums_at(*objective, c.theta, 50, c.robust);
    ChunkSums used;
    used.gradient.assign(objective->parameters(), 7.0);
    used.squared_error = used.robust_error = 7;
    used.dropped = 7;
    const auto again = sums_at(*objective, c.theta, 50, c.robust, 1e24, used);
    EXPECT_EQ(again.gradient, sums.gradient);
    EXPECT_EQ(again.squared_error, sums.squared_error);
    EXPECT_EQ(again.robust_error, sums.robust_error);
    EXPECT_EQ(again.dropped, 0);
  }
}

// With a bound below all errors every prompt is left out, and neither a loss nor a gradient is
// left.
TEST(Objective, PromptsThatExplodeHaveNeitherLossNorGradient) {
  for (const Case& c : all_cases()) {
    SCOPED_TRACE(c.name);
    const auto objective = c.make(Precision::float32);
    const auto none = sums_at(*objective, c.theta, 21, c.robust, 1e-30);
    EXPECT_EQ(none.dropped, 21);
    EXPECT_EQ(none.squared_error, 0);
    EXPECT_EQ(none.gradient, std::vector<double>(objective->parameters()));
    const auto half = sums_at(*objective, c.theta, 21, c.robust, c.middling);
    EXPECT_GT(half.dropped, 0);
    EXPECT_LT(half.dropped, 21);
    EXPECT_LE(half.squared_error, 21 * c.middling);
  }
}

TEST(Objective, GuardsHaveAGradientButDoNotCount) {
  const Case c = gram_case(Parametrisation::diag, {.guards = 4, .stretch = 8}, 0);
  const auto objective = c.make(Precision::float64);
  EXPECT_EQ(objective->learners(16), 12);
  EXPECT_EQ(objective->learners(35), 24);
  EXPECT_EQ(objective->learners(37), 25);
  EXPECT_EQ(token_case(0).make(Precision::float32)->learners(37), 37);
}

TEST(TrainingLoop, ChunkSumsAreAddedAlikeOnAnyNumberOfThreads) {
  for (const Case& c : all_cases()) {
    SCOPED_TRACE(c.name);
    std::vector<std::vector<double>> results;
    for (const int threads : {1, 2, 5}) {
      ThreadPool pool(threads);
      std::vector<double> theta = c.theta;
      TrainSpec spec;
      spec.steps = 4;
      spec.batch = 500;
      TrainingLoop loop(c.make(Precision::float32), theta, spec, pool);
      while (!loop.done()) ASSERT_TRUE(loop.step());
      results.push_back(theta);
    }
    EXPECT_NE(results[0], c.theta);
    EXPECT_EQ(results[0], results[1]);
    EXPECT_EQ(results[0], results[2]);
  }
}

TEST(TrainingLoop, TheHookSeesEachStepAndCanFreezeWeights) {
  const Case c = gram_case(Parametrisation::diag, {}, 0);
  ThreadPool pool(2);
  std::vector<double> theta = c.theta;
  TrainSpec spec;
  spec.steps = 6;
  spec.batch = 64;
  TrainingLoop loop(c.make(Precision::float32), theta, spec, pool);
  std::vector<std::int64_t> steps;
  loop.after_step([&](const StepReport& report, std::vector<double>& weights) {
    EXPECT_EQ(&weights, &theta);
    EXPECT_GT(report.learning_rate, 0);
    steps.push_back(report.step);
    for (std::size_t i = 0; i < weights.size(); i += 2) weights[i] = c.theta[i];
  });
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(loop.step());
  EXPECT_EQ(steps, (std::vector<std::int64_t>{1, 2, 3, 4}));
  for (std::size_t i = 0; i < theta.size(); i += 2) EXPECT_EQ(theta[i], c.theta[i]);
  EXPECT_NE(theta[1], c.theta[1]);
  loop.after_step({});
  while (!loop.done()) ASSERT_TRUE(loop.step());
  EXPECT_EQ(steps.size(), 4u);
  EXPECT_NE(theta[0], c.theta[0]);
}

}  // namespace
}  // namespace gramian
