// Short training runs end where theory says: seconds, fixed seeds.
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>

#include "gramian/evaluation/alignment.h"
#include "gramian/evaluation/network_predictor.h"
#include "gramian/studies/gd.h"
#include "gramian/studies/looped.h"
#include "gramian/theory/looped.h"
#include "gramian/training/trainer.h"

namespace gramian {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Network train(const RegressionTask& task, const NetworkSpec& spec, const InitialWeights& how,
              const TrainSpec& train) {
  EXPECT_TRUE(check(task, spec, train));
  ThreadPool pool(1);
  const auto trainer = Trainer::create(task, Network::initial(spec, how, task.n(), 0), train, pool);
  while (!trainer->done()) EXPECT_TRUE(trainer->step());
  return trainer->network();
}

// (A, u) with kappa = 10: the loss of a*, no u, and S^1/2 A S^1/2 = a* I. For more loops the best A
// turns.
TEST(Trained, RestrictedModelIsPreconditionedByTheInverseCovariance) {
  const int d = 10, n = 100;
  const RegressionTask task = looped_task(d, n, looped_covariance(d, 10));
  const Eigen::Map<const Matrix> c(task.factor().data(), d, d);
  for (const int loops : {1, 2}) {
    const LoopedOptimum best = LoopedContexts(d, n, 5'000, 3).optimum(loops);
    const NetworkSpec spec{
        .kind = Parametrisation::preconditioned, .d = d, .layers = loops, .tied = true};
    TrainSpec how;
    how.steps = 1'000;
    how.batch = 512;
    how.optimiser.learning_rate = 0.02;
    how.optimiser.final_learning_rate = 0;
    const Network network = train(task, spec, {.step = 0.1, .noise = 0.02}, how);
    const Eigen::Map<const Matrix> a(network.theta.data(), d, d);
    EXPECT_LE(Eigen::Map<const Eigen::VectorXd>(network.theta.data() + d * d, d).norm(), 0.02);
    const Matrix white = c.transpose() * a * c;
    const Eigen::VectorXd spectrum =
        Eigen::SelfAdjointEigenSolver<Matrix>((white + white.transpose()) / 2).eigenvalues();
    EXPECT_NEAR(spectrum.minCoeff(), best.step.mean, 0.05) << loops;
    EXPECT_NEAR(spectrum.maxCoeff(), best.step.mean, 0.05) << loops;
    ThreadPool pool(1);
    NetworkPredictor predictor(network, n, 1);
    const auto loss = layer_losses(task, predictor, 20'000, 5, pool).back().loss;
    const double error = std::hypot(2 * loss.standard_error(), best.loss.se);
    EXPECT_NEAR(2 * loss.mean(), best.loss.mean, 0.02 * best.loss.mean + 3 * error) << loops;
  }
}

// One FULL layer on uniform inputs, from small random weights: a step of gradient descent.
TEST(Trained, OneLayerIsAStepOfGradientDescent) {
  const int n = 10;
  const RegressionTask task = gd_task(n);
  TrainSpec how;
  how.steps = 1'000;
  how.batch = 512;
  how.optimiser.learning_rate = 0.02;
  how.optimiser.final_learning_rate = 0;
  const NetworkSpec spec{.kind = Parametrisation::full, .layers = 1};
  const Network network = train(task, spec, {.near_gd = false, .noise = 0.01}, how);
  const GdOptimum best = best_gd(ContextSpectra::draw(task, 5'000, 3).value(), 1, {});
  const Alignment alignment = compare(network, gd_network(best.layers), n, 1, 1, false);
  EXPECT_NEAR(alignment.loss.mean(), 0.2062, 0.004);
  EXPECT_GE(alignment.cosine.mean(), 0.998);
  EXPECT_LE(alignment.loss.mean(), 1.02 * alignment.other_loss.mean());
  const LayerWeights weights = normalised(network);
  for (std::size_t i = 0; i < 10; ++i) {
    for (std::size_t j = 0; j < 10; ++j) EXPECT_NEAR(weights.q[i * 11 + j], i == j ? 1 : 0, 0.05);
  }
  EXPECT_NEAR(as_gd_layer(weights).step, best.layers[0].step, 0.05 * best.layers[0].step);
}

// A layer looped further is the same layer: its first loops are those of the network.
TEST(Trained, MoreLoopsBeginAsTheNetwork) {
  const NetworkSpec spec{
      .kind = Parametrisation::preconditioned, .d = 5, .layers = 2, .tied = true};
  const Network network = Network::initial(spec, {.noise = 0.05}, 20, 3);
  const Network more = looped(network, 7);
  ThreadPool pool(1);
  NetworkPredictor two(network, 20, 1), seven(more, 20, 1);
  const auto short_run = layer_losses(looped_task(5, 20, {}), two, 200, 1, pool);
  const auto long_run = layer_losses(looped_task(5, 20, {}), seven, 200, 1, pool);
  ASSERT_EQ(long_run.size(), 7u);
  for (std::size_t l = 0; l < 2; ++l)
    EXPECT_NEAR(long_run[l].loss.mean(), short_run[l].loss.mean(), 1e-12);
  EXPECT_NE(long_run[6].loss.mean(), long_run[1].loss.mean());
}

}  // namespace
}  // namespace gramian
