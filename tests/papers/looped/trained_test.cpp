// Short training runs end where theory says: seconds, fixed seeds.
#include <gtest/gtest.h>

#include <cmath>

#include "gramian/base/decompositions.h"
#include "gramian/evaluation/alignment.h"
#include "gramian/evaluation/network_predictor.h"
#include "gramian/papers/looped/setting.h"
#include "gramian/theory/looped.h"
#include "gramian/training/trainer.h"
#include "tests/support/train.h"

namespace gramian::looped {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

using test::train;

// (A, u) with kappa = 10: the loss of a*, no u, and S^1/2 A S^1/2 = a* I. For more loops the best A
// turns.
TEST(LoopedTrained, RestrictedModelIsPreconditionedByTheInverseCovariance) {
  const int d = 10, n = 100;
  const RegressionTask task = task_of(d, n, covariance_of(d, 10));
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
        Eigen::SelfAdjointEigenSolver<Matrix>(Matrix((white + white.transpose()) / 2))
            .eigenvalues();
    EXPECT_NEAR(spectrum.minCoeff(), best.step.mean, 0.05) << loops;
    EXPECT_NEAR(spectrum.maxCoeff(), best.step.mean, 0.05) << loops;
    ThreadPool pool(1);
    NetworkPredictor predictor(network, n, 1);
    const auto loss = layer_losses(task, predictor, 20'000, 5, pool).back().loss;
    const double error = std::hypot(2 * loss.standard_error(), best.loss.se);
    EXPECT_NEAR(2 * loss.mean(), best.loss.mean, 0.02 * best.loss.mean + 3 * error) << loops;
  }
}

// A layer looped further is the same layer: its first loops are those of the network.
TEST(LoopedTrained, MoreLoopsBeginAsTheNetwork) {
  const NetworkSpec spec{
      .kind = Parametrisation::preconditioned, .d = 5, .layers = 2, .tied = true};
  const Network network = Network::initial(spec, {.noise = 0.05}, 20, 3);
  const Network more = repeated_layer(network, 7);
  ThreadPool pool(1);
  NetworkPredictor two(network, 20, 1), seven(more, 20, 1);
  const auto short_run = layer_losses(task_of(5, 20, {}), two, 200, 1, pool);
  const auto long_run = layer_losses(task_of(5, 20, {}), seven, 200, 1, pool);
  ASSERT_EQ(long_run.size(), 7u);
  for (std::size_t l = 0; l < 2; ++l)
    EXPECT_NEAR(long_run[l].loss.mean(), short_run[l].loss.mean(), 1e-12);
  EXPECT_NE(long_run[6].loss.mean(), long_run[1].loss.mean());
}

}  // namespace
}  // namespace gramian::looped
