// The exact loss and the optimum of one layer on a pool of tasks.
#include "gramian/theory/one_layer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "gramian/base/decompositions.h"
#include "gramian/evaluation/statistics.h"

namespace gramian {
namespace {

RegressionTask task_with(int size, std::vector<double> covariance = {}) {
  TaskSpec spec;
  spec.d = 3;
  spec.n = 6;
  spec.noise = NoisePrior::constant(0.5).value();
  spec.covariance = std::move(covariance);
  spec.pool = size;
  return RegressionTask::create(std::move(spec)).value();
}

const std::vector<double> kCovariance = {2, 0.6, 0, 0.6, 1, -0.3, 0, -0.3, 0.5};

OneLayer some_layer() {
  OneLayer layer{.p = {0.3, -0.2, 0.1, 0.9}, .a = {}};
  for (int k = 0; k < 12; ++k) layer.a.push_back(0.08 * std::sin(1.3 * k) + (k % 4 == 0 ? 0.1 : 0));
  return layer;
}

// Preconditioned gradient descent from zero, w_hat = Gamma alpha, with the moments of alpha alone:
// E alpha alpha^T = n (n + 1) C + n (tr C + sigma^2) I and E alpha w^T = n C, for S = I.
TEST(OneLayer, OfGradientDescentIsTheClosedForm) {
  const RegressionTask task = task_with(5);
  const Eigen::Map<const RowMajorMatrix> pool(task.pool().data(), 5, 3);
  const RowMajorMatrix c = pool.transpose() * pool / 5;
  const RowMajorMatrix identity = RowMajorMatrix::Identity(3, 3);
  const RowMajorMatrix m = 6 * 7 * c + 6 * (c.trace() + 0.25) * identity;
  const RowMajorMatrix gamma = m.inverse() * (6 * c);  // [d, d], symmetric
  OneLayer layer{.p = {0, 0, 0, 1}, .a = {gamma.data(), gamma.data() + 9}};
  layer.a.insert(layer.a.end(), {0, 0, 0});
  EXPECT_NEAR(one_layer_loss(task, layer), 0.5 * (c.trace() - 6 * (c * gamma).trace()), 1e-12);
}

TEST(OneLayer, LossIsTheMeanOverPrompts) {
  for (const auto& covariance : {std::vector<double>{}, kCovariance}) {
    const RegressionTask task = task_with(4, covariance);
    const OneLayer layer = some_layer();
    const RowMajorMatrix s =
        covariance.empty()
            ? RowMajorMatrix::Identity(3, 3)
            : RowMajorMatrix(Eigen::Map<const RowMajorMatrix>(covariance.data(), 3, 3));
    PromptSampler<double> sampler(task);
    PromptBlock<double> block(3);
    RunningMean mean;
    for (std::uint32_t step = 0; step < 20'000; ++step) {
      sampler.sample({.seed = 9, .step = step}, kLanes, block);
      for (std::size_t p = 0; p < kLanes; ++p) {
        Eigen::Vector3d error;
        for (std::size_t j = 0; j < 3; ++j) {
          double w = 0;
          for (std::size_t i = 0; i < 4; ++i) {
            for (std::size_t k = 0; k < 4; ++k)
              w += layer.a[i * 3 + j] * block.gram[(i * 4 + k) * kLanes + p] * layer.p[k];
          }
          error[static_cast<Eigen::Index>(j)] = w - block.truth[j * kLanes + p];
        }
        mean.add(0.5 * error.dot(s * error));
      }
    }
    EXPECT_NEAR(one_layer_loss(task, layer), mean.mean(), 4 * mean.standard_error());
    EXPECT_LT(mean.standard_error(), 0.02 * mean.mean());  // sharp enough to mean something
  }
}

TEST(OneLayer, TheOptimumHasNoGradient) {
  for (const auto& covariance : {std::vector<double>{}, kCovariance}) {
    const RegressionTask task = task_with(4, covariance);
    const OneLayerOptimum best = best_one_layer(task);
    EXPECT_NEAR(one_layer_loss(task, best.layer), best.loss, 1e-12);
    const auto slope = [&](std::vector<double> OneLayer::*part, std::size_t k) {
      const double h = 1e-4;
      OneLayer up = best.layer, down = best.layer;
      (up.*part)[k] += h;
      (down.*part)[k] -= h;
      return (one_layer_loss(task, up) - one_layer_loss(task, down)) / (2 * h);
    };
    for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(slope(&OneLayer::p, k), 0, 2e-4);
    for (std::size_t k = 0; k < 12; ++k) EXPECT_NEAR(slope(&OneLayer::a, k), 0, 2e-4);
  }
}

// With few tasks their mean is worth knowing, which gradient descent (p the last unit vector)
// cannot say; with very many it is zero, and p is that vector.
TEST(OneLayer, KnowsTheMeanOfFewTasks) {
  const auto with_descent = [](const RegressionTask& task) {
    const Eigen::Map<const RowMajorMatrix> pool(task.pool().data(), task.spec().pool, 3);
    const RowMajorMatrix c = pool.transpose() * pool / task.spec().pool;
    const RowMajorMatrix identity = RowMajorMatrix::Identity(3, 3);
    const RowMajorMatrix m = 6 * 7 * c + 6 * (c.trace() + 0.25) * identity;
    return 0.5 * (c.trace() - 36 * (c * m.inverse() * c).trace());
  };
  const RegressionTask few = task_with(2), many = task_with(5'000);
  EXPECT_LT(best_one_layer(few).loss, 0.8 * with_descent(few));
  const OneLayerOptimum best = best_one_layer(many);
  EXPECT_LE(best.loss, with_descent(many) + 1e-12);
  EXPECT_GT(best.loss, 0.99 * with_descent(many));
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_LT(std::abs(best.layer.p[i]), 0.1 * std::abs(best.layer.p[3]));
}

}  // namespace
}  // namespace gramian
