// The posterior mean over a pool, against the likelihood of the tokens written out.
#include "gramian/evaluation/pool_posterior.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "gramian/evaluation/evaluate.h"

namespace gramian {
namespace {

RegressionTask task_with(NoisePrior noise, int size, int n = 6) {
  TaskSpec spec;
  spec.d = 3;
  spec.n = n;
  spec.noise = std::move(noise);
  spec.pool = size;
  return RegressionTask::create(std::move(spec)).value();
}

// sum_k w_k E_sigma prod_i N(y_i; <w_k, x_i>, sigma^2) / sum_k .., E over a fine grid of sigma.
std::vector<double> posterior_of_tokens(const RegressionTask& task,
                                        const AlignedArray<double>& tokens, std::size_t p,
                                        const std::vector<double>& sigmas) {
  const auto n = static_cast<std::size_t>(task.n()), size = task.pool().size() / 3;
  std::vector<double> mean(3);
  double total = 0;
  for (std::size_t k = 0; k < size; ++k) {
    double likelihood = 0;
    for (const double sigma : sigmas) {
      double product = 1;
      for (std::size_t t = 0; t < n; ++t) {
        double residual = tokens[(t * 4 + 3) * kLanes + p];
        for (std::size_t i = 0; i < 3; ++i)
          residual -= task.pool()[k * 3 + i] * tokens[(t * 4 + i) * kLanes + p];
        product *= std::exp(-0.5 * residual * residual / (sigma * sigma)) / sigma;
      }
      likelihood += product;
    }
    total += likelihood;
    for (std::size_t i = 0; i < 3; ++i) mean[i] += likelihood * task.pool()[k * 3 + i];
  }
  for (double& m : mean) m /= total;
  return mean;
}

void expect_posterior(const RegressionTask& task, const std::vector<double>& sigmas,
                      double tolerance) {
  PromptSampler<double> sampler(task);
  PromptBlock<double> block(3);
  AlignedArray<double> tokens;
  sampler.sample_tokens({.seed = 6}, kLanes, block, tokens);
  PoolPosterior posterior(task, 1);
  AlignedArray<double> weights(3 * kLanes);
  posterior.predict(block, weights.data(), 0);
  for (std::size_t p = 0; p < kLanes; ++p) {
    const auto expected = posterior_of_tokens(task, tokens, p, sigmas);
    for (std::size_t i = 0; i < 3; ++i)
      EXPECT_NEAR(weights[i * kLanes + p], expected[i], tolerance) << p << " " << i;
  }
}

TEST(PoolPosterior, IsThatOfTheTokens) {
  expect_posterior(task_with(NoisePrior::constant(0.7).value(), 9), {0.7}, 1e-10);
  expect_posterior(task_with(NoisePrior::categorical({0.5, 2}).value(), 9), {0.5, 2}, 1e-10);
}

TEST(PoolPosterior, IntegratesOverAnIntervalOfNoiseLevels) {
  std::vector<double> midpoints;
  for (int k = 0; k < 4'000; ++k) midpoints.push_back(0.2 + (k + 0.5) * 1.8 / 4'000);
  expect_posterior(task_with(NoisePrior::uniform(0.2, 2).value(), 9), midpoints, 1e-5);
}

TEST(PoolPosterior, FindsTheVectorWhereThereIsNoNoise) {
  for (const int n : {1, 2, 6}) {  // one example tells continuous vectors apart
    const RegressionTask task = task_with(NoisePrior::constant(0).value(), 30, n);
    PromptSampler<double> sampler(task);
    PromptBlock<double> block(3);
    sampler.sample({.seed = 7}, 10, block);  // and six empty lanes
    PoolPosterior posterior(task, 1);
    AlignedArray<double> weights(3 * kLanes);
    posterior.predict(block, weights.data(), 0);
    for (std::size_t k = 0; k < weights.size(); ++k) ASSERT_TRUE(std::isfinite(weights[k]));
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t p = 0; p < 10; ++p)
        EXPECT_NEAR(weights[i * kLanes + p], block.truth[i * kLanes + p], 1e-9);
    }
  }
}

// Nothing is better on the tasks of the pool, ridge regression with the true noise included; on new
// tasks ridge regression is.
TEST(PoolPosterior, IsBestOnItsTasksAndNotOnNewOnes) {
  const RegressionTask task = task_with(NoisePrior::constant(0.5).value(), 4);
  ThreadPool pool(2);
  const EvalSpec spec{.prompts = 4'000, .seed = 8, .tuning_prompts = 500};
  PoolPosterior posterior(task, pool.threads());
  for (const bool own : {true, false}) {
    const RegressionTask on = own ? task : task.without_pool();
    const Baselines baselines = tune_baselines(on, on.spec().noise, spec, pool);
    const auto result = evaluate(on, baselines, &posterior, spec, pool).value();
    const RunningMean& adjusted = result.model().adjusted;  // against ridge, prompt by prompt
    if (own) {
      EXPECT_LT(adjusted.mean(), -5 * adjusted.standard_error());
    } else {
      EXPECT_GT(adjusted.mean(), 5 * adjusted.standard_error());
    }
  }
}

}  // namespace
}  // namespace gramian
