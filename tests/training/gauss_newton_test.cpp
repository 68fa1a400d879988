// Gauss-Newton steps against what they are defined as, and the training that uses them.
#include "gramian/training/gauss_newton.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/models/pass.h"
#include "gramian/training/trainer.h"

namespace gramian {
namespace {

// Exact first and second derivatives of 1/2 (theta - t)^T C (theta - t): one whole step, without
// damping and without a bound, ends in t.
TEST(GaussNewton, AWholeStepSolvesAQuadratic) {
  const std::vector<double> c{4, 1, 0.5, 1, 3, -0.2, 0.5, -0.2, 1e-6};  // condition number 5e6
  const std::vector<double> target{1, -2, 300};
  std::vector<double> theta{0, 0, 0}, gradient(3);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) gradient[i] += c[i * 3 + j] * (theta[j] - target[j]);
  }
  const GaussNewtonSpec spec{.rate = 1, .trust = 1e12, .damping = 0};
  GaussNewtonState state{.curvature = std::vector<double>(9), .momentum = std::vector<double>(3)};
  GaussNewton(3).step(spec, 0.9, 1, 1, gradient, c, state, theta);
  // The first gradient is unbiased to itself, the first sample is all of C.
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(theta[i], target[i], 1e-6 * std::abs(target[i]));
  EXPECT_EQ(state.step, 1);
  EXPECT_EQ(state.curvature, c);
}

TEST(GaussNewton, TheTrustRegionBoundsTheChangeOfPredictions) {
  const std::vector<double> c{2, 0.3, 0.3, 5};
  const std::vector<double> gradient{10, -7};
  for (const double trust : {0.1, 0.01}) {
    std::vector<double> theta{0, 0};
    GaussNewtonState state{.curvature = std::vector<double>(4), .momentum = std::vector<double>(2)};
    const GaussNewtonSpec spec{.rate = 1, .trust = trust, .damping = 0};
    GaussNewton(2).step(spec, 0.9, 0.5, 3, gradient, c, state, theta);
    double change = 0;
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::size_t j = 0; j < 2; ++j) change += theta[i] * c[i * 2 + j] * theta[j];
    }
    EXPECT_NEAR(std::sqrt(change), trust * 0.5 * 3, 1e-12);  // trust, height, error
    EXPECT_LT(theta[0], 0);                                  // downhill
  }
}

TEST(GaussNewton, AParameterWithoutInfluenceStays) {
  std::vector<double> theta{1, 2};
  GaussNewtonState state{.curvature = std::vector<double>(4), .momentum = std::vector<double>(2)};
  GaussNewton(2).step({}, 0.9, 1, 1, {0.5, 0}, {1, 0, 0, 0}, state, theta);
  EXPECT_LT(theta[0], 1);
  EXPECT_EQ(theta[1], 2);
}

RegressionTask task_of(NoisePrior noise, std::vector<double> covariance = {}, int d = 10) {
  TaskSpec spec;
  spec.d = d;
  spec.noise = std::move(noise);
  spec.covariance = std::move(covariance);
  return RegressionTask::create(spec).value();
}

// E[v v^T] is S times the weight of the prompt, or x x^T times it; means over 40,000 draws of
// sixteen prompts.
TEST(GaussNewton, CotangentsHaveTheCurvatureOfTheLoss) {
  const std::vector<double> s{2.0, 0.5, 0.1, 0.5, 1.0, -0.3, 0.1, -0.3, 0.7};
  for (const auto& covariance : {std::vector<double>{}, s}) {
    const RegressionTask task = task_of(NoisePrior::constant(1).value(), covariance, 3);
    PromptBlock<double> block(3);
    PromptSampler<double>(task).sample({.seed = 1}, kLanes, block);
    for (const QueryMode query : {QueryMode::integrated, QueryMode::sampled}) {
      const LossSpec loss{.query = query};
      BlockLoss<double> at;
      at.weight.fill(0.25);
      const int draws = 40'000;
      std::vector<double> mean(9);
      double v[3 * kLanes];
      for (int t = 0; t < draws; ++t) {
        curvature_cotangent(loss, task, {.seed = 2, .step = static_cast<std::uint32_t>(t)}, block,
                            at, v);
        for (std::size_t i = 0; i < 3; ++i) {
          for (std::size_t j = 0; j < 3; ++j)
            mean[i * 3 + j] += v[i * kLanes] * v[j * kLanes] / draws;
        }
      }
      for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 3; ++j) {
          double expected = i == j ? 1 : 0;
          if (!covariance.empty()) expected = s[i * 3 + j];
          if (query == QueryMode::sampled)
            expected = block.query[i * kLanes] * block.query[j * kLanes];
          // Products of signs: a standard error of at most sqrt(3) * 2 / sqrt(40,000) = 0.017.
          EXPECT_NEAR(mean[i * 3 + j], 0.25 * expected, 4 * 0.25 * 0.017);
        }
      }
    }
  }
}

TrainSpec second_order(std::int64_t steps) {
  TrainSpec spec;
  spec.seed = 4;
  spec.steps = steps;
  spec.batch = 300;
  spec.method = Method::gauss_newton;
  return spec;
}

std::vector<double> theta_after(const RegressionTask& task, const NetworkSpec& network,
                                const TrainSpec& spec, int threads) {
  ThreadPool pool(threads);
  const auto trainer = Trainer::create(task, Network::initial(network, {}, 20, 4), spec, pool);
  while (!trainer->done()) EXPECT_TRUE(trainer->step().has_value());
  return trainer->network().theta;
}

TEST(GaussNewton, AnyNumberOfThreadsAndAnyInterruptionGiveTheSameBits) {
  const RegressionTask task = task_of(NoisePrior::uniform(0, 5).value());
  for (const int guards : {0, 2}) {
    const NetworkSpec network{.kind = Parametrisation::diag, .layers = 3};
    TrainSpec spec = second_order(20);
    spec.loss.guards = guards;
    const auto one = theta_after(task, network, spec, 1);
    EXPECT_EQ(one, theta_after(task, network, spec, 5));
    for (const int before : {3, 13}) {  // in Adam's share of six steps, and in the rest
      ThreadPool pool(2);
      const Network initial = Network::initial(network, {}, 20, 4);
      const auto first = Trainer::create(task, initial, spec, pool);
      for (int i = 0; i < before; ++i) ASSERT_TRUE(first->step().has_value());
      const auto second = Trainer::create(task, initial, spec, pool);
      second->restore(first->state());
      while (!second->done()) ASSERT_TRUE(second->step().has_value());
      EXPECT_EQ(second->network().theta, one) << before;
    }
  }
}

double loss_of(const RegressionTask& task, const NetworkSpec& network,
               const std::vector<double>& theta) {
  PromptBlock<double> block(task.d());
  NetworkPass<double> pass(network);
  AlignedArray<double> w(static_cast<std::size_t>(task.d()) * kLanes);
  PromptSampler<double> sampler(task);
  double sum = 0;
  const std::uint32_t blocks = 500;
  for (std::uint32_t step = 0; step < blocks; ++step) {
    sampler.sample({.seed = 1, .stream = kEvaluationStream, .step = step}, kLanes, block);
    pass.forward(theta.data(), block, network.context_factor(task.n()), w.data());
    for (std::size_t i = 0; i < w.size(); ++i) sum += 0.5 * std::pow(w[i] - block.truth[i], 2);
  }
  return sum / (blocks * kLanes);
}

// Why it is there: without noise the loss falls along narrow valleys. In 300 steps of five layers
// Adam ends at about 1e-2 and Gauss-Newton below 1e-5.
TEST(GaussNewton, GoesWhereAdamCrawls) {
  const RegressionTask task = task_of(NoisePrior::constant(0).value());
  const NetworkSpec network{.kind = Parametrisation::gdpp, .layers = 5};
  TrainSpec spec = second_order(300);
  spec.batch = 1024;
  spec.precision = Precision::float64;
  spec.optimiser.epsilon = 1e-20;
  spec.optimiser.final_learning_rate = 0;
  spec.loss.guards = 1;
  spec.loss.stretch = 1.5;
  const double newton = loss_of(task, network, theta_after(task, network, spec, 2));
  spec.method = Method::adam;
  const double adam = loss_of(task, network, theta_after(task, network, spec, 2));
  EXPECT_LT(newton, adam / 100) << adam;
}

TEST(GaussNewton, IsForFewParameters) {
  const RegressionTask task = task_of(NoisePrior::constant(0).value());
  const Status status = check(task, {.kind = Parametrisation::full, .layers = 3}, second_order(10));
  ASSERT_FALSE(status.has_value());
  EXPECT_NE(status.error().message.find("at most 512 parameters, this model has 726"),
            std::string::npos)
      << status.error().message;
}

// A guard that predicts better than zero has no gradient; one that explodes has the robust one,
// nearly.
TEST(Guards, TeachOnlyNotToExplode) {
  PromptBlock<double> block(3);
  PromptSampler<double>(task_of(NoisePrior::constant(1).value(), {}, 3))
      .sample({.seed = 1}, kLanes, block);
  const LossSpec loss{.query = QueryMode::integrated, .robust = 100, .guards = 2};
  std::vector<double> good(3 * kLanes), bad(3 * kLanes);
  for (std::size_t i = 0; i < good.size(); ++i) {
    good[i] = 0.9 * block.truth[i];
    bad[i] = 1e3 * block.truth[i];
  }
  loss_gradient(loss, {}, block, good.data());
  const auto at = loss_gradient(loss, {}, block, bad.data());
  for (std::size_t p = 0; p < kLanes; ++p) {
    const bool guard = p < 2;
    for (std::size_t i = 0; i < 3; ++i) {
      const double truth = block.truth[i * kLanes + p];
      EXPECT_NEAR(good[i * kLanes + p], guard ? 0 : -0.1 * truth, 0.01 * std::abs(truth));
      const double robust = 999 * truth / (1 + at.squared_error[p] / 100);
      EXPECT_NEAR(bad[i * kLanes + p], robust, 2e-6 * std::abs(robust));
    }
  }
}

// They are no part of the reported loss, and of nothing where no prompt explodes.
TEST(Guards, DoNotCountAmongTheOthers) {
  const RegressionTask task = task_of(NoisePrior::uniform(0, 5).value());
  const NetworkSpec network{.kind = Parametrisation::gdpp, .layers = 1};  // cannot explode on these
  ThreadPool pool(1);
  TrainSpec spec;
  spec.batch = 16;
  spec.loss.guards = 15;
  const auto trainer = Trainer::create(task, Network::initial(network, {}, 20, 4), spec, pool);
  const auto report = trainer->step();
  ASSERT_TRUE(report.has_value());
  // The one learner, by hand.
  PromptBlock<double> block(10);
  PromptSampler<double>(task).sample({.seed = 0}, kLanes, block);
  NetworkPass<double> pass(network);
  AlignedArray<double> w(10 * kLanes);
  const Network initial = Network::initial(network, {}, 20, 4);
  pass.forward(initial.theta.data(), block, 1.0 / 20, w.data());
  double squared = 0;
  for (std::size_t i = 0; i < 10; ++i)
    squared += std::pow(w[i * kLanes + 15] - block.truth[i * kLanes + 15], 2);
  EXPECT_NEAR(report->loss, 0.5 * squared, 1e-5 * squared);
}

}  // namespace
}  // namespace gramian
