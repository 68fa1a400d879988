#include "gramian/solvers/gradient_descent.h"

#include <gtest/gtest.h>

#include "gramian/solvers/tune.h"
#include "tests/solvers/prompts.h"

namespace gramian::test {
namespace {

TEST(GradientDescent, IsTheIteration) {
  const NoisePrior noise = NoisePrior::uniform(0, 3).value();
  for (const int steps : {1, 2, 3, 7, 100}) {
    for (const WeightLaw weights : {WeightLaw::isotropic, WeightLaw::inverse_covariance}) {
      for (const int n : {3, 12}) {
        const RegressionTask task = make_correlated_task(n, 5, noise, weights);
        GradientDescent solver(steps);
        solver.tune(draw_spectra(task, 500, 31));
        const double step_size = solver.constants()[1].value;
        EXPECT_GT(step_size, 0.0);

        const TokenPrompt prompt = TokenGenerator(task, 32).draw();
        const Matrix preconditioner = step_size * precision_of(task).inverse();
        Vector expected = Vector::Zero(5);
        for (int k = 0; k < steps; ++k) {
          expected += preconditioner * prompt.x.transpose() * (prompt.y - prompt.x * expected);
        }
        EXPECT_LT((weights_of(solver, task, prompt) - expected).norm(), 1e-11 * expected.norm());
      }
    }
  }
}

// E 1/2 |eta alpha - w|^2 is least at eta = 1 / (n + d + 1 + E sigma^2), where it is
// d/2 (1 - n eta): the one-layer transformer.
TEST(GradientDescent, OneStepIsTheOneLayerOptimum) {
  const NoisePrior noise = NoisePrior::uniform(0, 5).value();
  const RegressionTask task = make_task(20, 10, noise);
  const SpectrumBatch prompts = draw_spectra(task, 20'000, 33);
  GradientDescent solver(1);
  solver.tune(prompts);
  const double eta = 1 / (20 + 10 + 1 + noise.mean_square());
  EXPECT_NEAR(solver.constants()[1].value / eta, 1, 0.02);
  EXPECT_NEAR(mean_loss(solver, prompts) / (5 * (1 - 20 * eta)), 1, 0.02);
}

}  // namespace
}  // namespace gramian::test
