// Short training runs end where theory says: seconds, fixed seeds.
#include <gtest/gtest.h>

#include "gramian/papers/gd/setting.h"
#include "tests/support/train.h"

namespace gramian::gd {
namespace {

using test::train;

// One FULL layer on uniform inputs, from small random weights: a step of gradient descent.
TEST(GradientDescentTrained, OneLayerIsAStepOfGradientDescent) {
  const int n = 10;
  const RegressionTask task = task_of(n);
  TrainSpec how;
  how.steps = 1'000;
  how.batch = 512;
  how.optimiser.learning_rate = 0.02;
  how.optimiser.final_learning_rate = 0;
  const NetworkSpec spec{.kind = Parametrisation::full, .layers = 1};
  const Network network = train(task, spec, {.near_gd = false, .noise = 0.01}, how);
  const GdOptimum best = best_gd(ContextSpectra::draw(task, 5'000, 3).value(), 1, {});
  const Alignment alignment = compare(network, descent_network(best.layers), n, 1, 1, false);
  EXPECT_NEAR(alignment.loss.mean(), 0.2062, 0.004);
  EXPECT_GE(alignment.cosine.mean(), 0.998);
  EXPECT_LE(alignment.loss.mean(), 1.02 * alignment.other_loss.mean());
  const LayerWeights weights = normalised(network);
  for (std::size_t i = 0; i < 10; ++i) {
    for (std::size_t j = 0; j < 10; ++j) EXPECT_NEAR(weights.q[i * 11 + j], i == j ? 1 : 0, 0.05);
  }
  EXPECT_NEAR(as_gd_layer(weights).step, best.layers[0].step, 0.05 * best.layers[0].step);
}

}  // namespace
}  // namespace gramian::gd
