#include "gramian/training/trainer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "gramian/models/pass.h"

namespace gramian {
namespace {

RegressionTask task_with(NoisePrior noise, int d = 10, int n = 20) {
  TaskSpec spec;
  spec.d = d;
  spec.n = n;
  spec.noise = std::move(noise);
  return RegressionTask::create(spec).value();
}

TrainSpec short_run(Precision precision = Precision::float32) {
  TrainSpec spec;
  spec.seed = 4;
#ifdef GRAMIAN_SANITIZED
  spec.steps = 16;
#else
  spec.steps = 30;
#endif
  spec.batch = 300;  // neither a multiple of the lanes nor of the chunk
  spec.precision = precision;
  return spec;
}

Network start(const NetworkSpec& spec, int n = 20) { return Network::initial(spec, {}, n, 4); }

std::vector<double> run(const RegressionTask& task, const NetworkSpec& network,
                        const TrainSpec& spec, int threads) {
  ThreadPool pool(threads);
  const auto trainer = Trainer::create(task, start(network), spec, pool);
  while (!trainer->done()) EXPECT_TRUE(trainer->step().has_value());
  return trainer->network().theta;
}

// Under a sanitizer the same code in float alone, and few steps: it takes a minute for each.
TEST(Trainer, AnyNumberOfThreadsGivesTheSameBits) {
#ifdef GRAMIAN_SANITIZED
  constexpr Precision kPrecisions[] = {Precision::float32};
  constexpr int kSteps = 4;
#else
  constexpr Precision kPrecisions[] = {Precision::float32, Precision::float64};
  constexpr int kSteps = 30;
#endif
  const RegressionTask task = task_with(NoisePrior::uniform(0, 5).value());
  for (const Precision precision : kPrecisions) {
    TrainSpec spec = short_run(precision), other = spec;
    spec.steps = other.steps = kSteps;
    other.seed = 5;
    for (Parametrisation kind : {Parametrisation::full, Parametrisation::diag}) {
      const NetworkSpec network{.kind = kind, .layers = 3};
      const auto one = run(task, network, spec, 1);
      EXPECT_EQ(one, run(task, network, spec, 2));
      EXPECT_EQ(one, run(task, network, spec, 16));
      EXPECT_NE(one, run(task, network, other, 1));
    }
  }
}

TEST(Trainer, AResumedRunGivesTheBitsOfAnUninterruptedOne) {
  const RegressionTask task = task_with(NoisePrior::uniform(0, 5).value());
  const NetworkSpec network{.kind = Parametrisation::full, .layers = 3};
  for (const Method method : {Method::adam, Method::soap}) {
    TrainSpec spec = short_run();
    spec.method = method;
    const auto whole = run(task, network, spec, 2);

    ThreadPool pool(2);
    const auto first = Trainer::create(task, start(network), spec, pool);
    for (int i = 0; i < 13; ++i) ASSERT_TRUE(first->step().has_value());
    const auto second = Trainer::create(task, start(network), spec, pool);
    second->restore(first->state());
    EXPECT_EQ(second->steps_done(), 13);
    while (!second->done()) ASSERT_TRUE(second->step().has_value());
    EXPECT_EQ(second->network().theta, whole);
  }
}

// The loss of a gradient step s for means over n examples without noise is
// d/2 [(1 - s)^2 + s^2 (d + 1) / n]; over contexts of m to n examples, that of the mean of 1/n. The
// lengths are those of the addresses of prompts, whatever the number of threads.
TEST(Trainer, ContextsOfManyLengthsHaveTheMeanOfTheirLosses) {
  constexpr int kD = 4, kN = 16, kShortest = 5;
  constexpr double kStep = 0.7;
  const RegressionTask task = task_with(NoisePrior::constant(0).value(), kD, kN);
  const NetworkSpec network{.kind = Parametrisation::diag, .d = kD, .layers = 1};
  TrainSpec spec;
  spec.seed = 3;
  spec.steps = 8;
  spec.batch = 8192;
  spec.loss.robust = 0;
  spec.robust_final = 0;
  spec.optimiser.learning_rate = 0;
  const auto mean_loss = [&](int shortest, int threads) {
    spec.loss.shortest_context = shortest;
    ThreadPool pool(threads);
    Network at = start(network, kN);
    at.theta = {0, 0, -kStep, 0};
    const auto trainer = Trainer::create(task, at, spec, pool);
    double sum = 0;
    while (!trainer->done()) sum += trainer->step().value().loss / 8;
    return sum;
  };
  const auto expected = [&](int shortest) {
    double inverse = 0;
    for (int n = shortest; n <= kN; ++n) inverse += 1.0 / n / (kN + 1 - shortest);
    return 0.5 * kD * ((1 - kStep) * (1 - kStep) + kStep * kStep * (kD + 1) * inverse);
  };
  // Eight batches: a standard error of the mean of half a percent, and half of that again from the
  // 4096 lengths.
  EXPECT_NEAR(mean_loss(kShortest, 1), expected(kShortest), 0.025 * expected(kShortest));
  EXPECT_GT(expected(kShortest), 1.3 * expected(kN));
  EXPECT_EQ(mean_loss(kShortest, 1), mean_loss(kShortest, 2));
  EXPECT_EQ(mean_loss(kN, 1), mean_loss(0, 1));  // the same prompts
}

TEST(Trainer, RefusesShortestContextsThatCannotBe) {
  const RegressionTask task = task_with(NoisePrior::constant(0).value());
  TrainSpec spec;
  spec.loss.shortest_context = 21;
  const auto longer = check(task, {.kind = Parametrisation::diag}, spec);
  ASSERT_FALSE(longer);
  EXPECT_NE(longer.error().message.find("[train.shortest_context] must be at most [task.n] = 20"),
            std::string::npos);
  spec.loss.shortest_context = 10;
  EXPECT_TRUE(check(task, {.kind = Parametrisation::diag}, spec));
  spec.loss.query = QueryMode::sampled;
  const auto query = check(task, {.kind = Parametrisation::full, .query_in_keys = true}, spec);
  ASSERT_FALSE(query);
  EXPECT_NE(query.error().message.find("query_in_keys"), std::string::npos);
}

// L = 1 (eq. 10): the optimum is one gradient step with omega_yx = -1 / (n + d + 1 + E sigma^2)
// for G, and loss d/2 (1 - n / (n + d + 1 + E sigma^2)).
TEST(Trainer, OneLayerFindsItsClosedForm) {
  for (const NoisePrior& noise :
       {NoisePrior::uniform(0, 5).value(), NoisePrior::categorical({1, 3}).value()}) {
    SCOPED_TRACE(noise.describe());
    const int d = 10, n = 20;
    const RegressionTask task = task_with(noise, d, n);
    TrainSpec spec;
    spec.steps = 1000;
    ThreadPool pool(2);
    const auto trainer =
        Trainer::create(task, start({.kind = Parametrisation::diag, .layers = 1}), spec, pool);
    while (!trainer->done()) ASSERT_TRUE(trainer->step().has_value());
    const double denominator = n + d + 1 + noise.mean_square();
    EXPECT_NEAR(trainer->network().omega(0).yx / n, -1 / denominator, 0.01 / denominator);

    const double expected = d / 2.0 * (1 - n / denominator);
    PromptSampler<double> sampler(task);
    PromptBlock<double> block(d);
    NetworkPass<double> pass(trainer->network().spec);
    AlignedArray<double> w(d * kLanes);
    double sum = 0;
    const std::uint32_t blocks = 25000;  // 400,000 prompts: standard error about 0.06% of the loss
    for (std::uint32_t step = 0; step < blocks; ++step) {
      sampler.sample({.seed = 1, .stream = kEvaluationStream, .step = step}, kLanes, block);
      pass.forward(trainer->network().theta.data(), block, 1.0 / n, w.data());
      for (std::size_t i = 0; i < w.size(); ++i) sum += 0.5 * std::pow(w[i] - block.truth[i], 2);
    }
    EXPECT_NEAR(sum / (blocks * kLanes), expected, 0.005 * expected);
  }
}

// The reported gradient norm against central differences of the reported robust loss would
// need the batch; one step of plain descent along Adam's first direction does as well: on a
// batch of one prompt the sign of every parameter's step is minus the sign of its slope.
TEST(Trainer, TheFirstStepGoesDownhill) {
  const RegressionTask task = task_with(NoisePrior::constant(0.5).value(), 3, 8);
  for (QueryMode query : {QueryMode::integrated, QueryMode::sampled}) {
    const NetworkSpec network{.kind = Parametrisation::diag, .d = 3, .layers = 2};
    TrainSpec spec;
    spec.seed = 9;
    spec.steps = 1;
    spec.batch = 1;
    spec.precision = Precision::float64;
    spec.loss = {.query = query, .robust = 2.0};
    spec.robust_final = 0;
    spec.optimiser.warmup = 0;
    ThreadPool pool(1);
    const Network initial = start(network, 8);
    const auto trainer = Trainer::create(task, initial, spec, pool);
    const auto report = trainer->step();
    ASSERT_TRUE(report.has_value());
    EXPECT_LE(report->learning_rate, 0.01);  // less where errors are small

    PromptBlock<double> block(3);
    PromptSampler<double>(task).sample({.seed = 9}, 1, block);
    NetworkPass<double> pass(network);
    const auto objective = [&](const std::vector<double>& theta) {
      AlignedArray<double> w(3 * kLanes);
      pass.forward(theta.data(), block, 1.0 / 8, w.data());
      double squared = 0, along = 0;
      for (std::size_t i = 0; i < 3; ++i) {
        const double delta = w[i * kLanes] - block.truth[i * kLanes];
        squared += delta * delta;
        along += delta * block.query[i * kLanes];
      }
      return robust_loss(query == QueryMode::sampled ? along * along : squared, 2.0);
    };
    for (std::size_t i = 0; i < initial.theta.size(); ++i) {
      std::vector<double> theta = initial.theta;
      theta[i] += 1e-6;
      const double above = objective(theta);
      theta[i] -= 2e-6;
      const double slope = (above - objective(theta)) / 2e-6;
      const double moved = trainer->network().theta[i] - initial.theta[i];
      if (std::abs(slope) < 1e-6) continue;  // dead parameters of the last layer
      EXPECT_NEAR(moved, -report->learning_rate * (slope > 0 ? 1 : -1),
                  0.01 * report->learning_rate)
          << "parameter " << i;
    }
  }
}

TEST(Trainer, SurvivesPromptsOnWhichTheNetworkExplodes) {
  const RegressionTask task = task_with(NoisePrior::uniform(0, 5).value());
  NetworkSpec network{.kind = Parametrisation::diag, .layers = 7};
  Network initial = start(network);
  for (int l = 0; l < 7; ++l) initial.theta[static_cast<std::size_t>(4 * l)] = -0.65;
  // S -> (I - 0.65 S) S (I - 0.65 S) shrinks eigenvalues below 2 / 0.65 = 3.1 and blows up those
  // above, which at n = 20, d = 10 are rare.
  TrainSpec spec = short_run();
  spec.batch = 4096;
  spec.optimiser.learning_rate = 1e-3;
  ThreadPool pool(2);
  const auto trainer = Trainer::create(task, initial, spec, pool);
  int dropped = 0;
  for (int i = 0; i < 5; ++i) {
    const auto report = trainer->step();
    ASSERT_TRUE(report.has_value()) << report.error().message;
    dropped += report->dropped;
    EXPECT_TRUE(std::isfinite(report->loss));
  }
  EXPECT_GT(dropped, 0);
  for (double t : trainer->network().theta) EXPECT_TRUE(std::isfinite(t));
}

TEST(Trainer, StopsWhenItDivergesAndKeepsTheWeights) {
  const RegressionTask task = task_with(NoisePrior::uniform(0, 5).value());
  Network initial = start({.kind = Parametrisation::diag, .layers = 7});
  for (double& t : initial.theta) t = 5.0;
  ThreadPool pool(1);
  const auto trainer = Trainer::create(task, initial, short_run(), pool);
  const auto report = trainer->step();
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().kind, ErrorKind::numeric);
  EXPECT_NE(report.error().message.find("step 1"), std::string::npos);
  EXPECT_EQ(trainer->network().theta, initial.theta);
  EXPECT_EQ(trainer->steps_done(), 0);
}

TEST(Trainer, TokensAndGramTrainAlike) {
  std::vector<double> yx;
  for (SamplerKind sampler : {SamplerKind::gram, SamplerKind::tokens}) {
    TaskSpec spec;
    spec.d = 4;
    spec.n = 10;
    spec.sampler = sampler;
    spec.noise = NoisePrior::constant(1).value();
    const auto task = RegressionTask::create(spec).value();
    TrainSpec train;
    train.steps = 400;
    ThreadPool pool(2);
    const auto trainer = Trainer::create(
        task, start({.kind = Parametrisation::gdpp, .d = 4, .layers = 1}, 10), train, pool);
    while (!trainer->done()) ASSERT_TRUE(trainer->step().has_value());
    yx.push_back(trainer->network().omega(0).yx);
  }
  EXPECT_NEAR(yx[0], yx[1], 0.01);
  EXPECT_NEAR(yx[0], -10.0 / (10 + 4 + 1 + 1), 0.01);
}

TEST(Trainer, RefusesWhatMeansNothing) {
  const RegressionTask task = task_with(NoisePrior::constant(1).value());
  const auto refused = [&](NetworkSpec network, TrainSpec train, const char* part) {
    const Status status = check(task, network, train);
    ASSERT_FALSE(status.has_value()) << part;
    EXPECT_NE(status.error().message.find(part), std::string::npos) << status.error().message;
  };
  refused({.d = 9}, {}, "d = 9");
  refused({.heads = 2}, {}, "[model.heads]");
  refused({.layers = 101}, {}, "[model.layers]");
  refused({.query_in_keys = true}, {}, "use sampled");
  TrainSpec none;
  none.batch = 0;
  refused({}, none, "[train.batch]");

  TaskSpec large;
  large.d = 256;
  const RegressionTask wide = RegressionTask::create(large).value();
  TrainSpec huge;
  huge.batch = 1000000;
  const Status status =
      check(wide, {.kind = Parametrisation::full, .d = 256, .layers = 10, .heads = 8}, huge);
  ASSERT_FALSE(status.has_value());
  EXPECT_NE(status.error().message.find("GB"), std::string::npos) << status.error().message;
}

}  // namespace
}  // namespace gramian
