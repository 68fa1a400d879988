#include "gramian/solvers/corrected_descent.h"

#include <gtest/gtest.h>

#include "gramian/solvers/gradient_descent.h"
#include "gramian/solvers/tune.h"
#include "tests/solvers/prompts.h"

namespace gramian::test {
namespace {

// Token by token: inputs are corrected, targets lose what a step explains, the query moves with the
// inputs.
TEST(CorrectedDescent, IsTheIterationOnTokens) {
  const NoisePrior noise = NoisePrior::uniform(0, 3).value();
  for (const int steps : {1, 2, 3, 6}) {
    for (const WeightLaw weights : {WeightLaw::isotropic, WeightLaw::inverse_covariance}) {
      for (const int n : {3, 12}) {
        const RegressionTask task = make_correlated_task(n, 5, noise, weights);
        CorrectedDescent solver(steps);
        solver.tune(draw_spectra(task, 200, 51));
        const auto constants = solver.constants();
        ASSERT_EQ(constants.size(), 3u);
        const double step_size = constants[1].value, correction = constants[2].value;
        EXPECT_GT(step_size, 0.0);
        EXPECT_EQ(correction != 0, steps > 1);

        const TokenPrompt prompt = TokenGenerator(task, 52).draw();
        const Matrix inverse = precision_of(task).inverse();
        Matrix x = prompt.x, queries = Matrix::Identity(5, 5);
        Vector residual = prompt.y, expected = Vector::Zero(5);
        for (int k = 0; k < steps; ++k) {
          const Vector direction = inverse * x.transpose() * residual;
          expected += step_size * queries * direction;
          residual -= step_size * x * direction;
          const Matrix change = correction * inverse * x.transpose() * x;
          queries -= queries * change;
          x -= x * change;
        }
        EXPECT_LT((weights_of(solver, task, prompt) - expected).norm(), 1e-11 * expected.norm());
      }
    }
  }
}

TEST(CorrectedDescent, IsNoWorseThanGradientDescentAndOfSecondOrder) {
  const RegressionTask task = make_task(20, 10, NoisePrior::constant(0).value());
  const SpectrumBatch prompts = draw_spectra(task, 1'000, 53);
  double before = 0;
  for (const int steps : {1, 2, 4, 6}) {
    GradientDescent plain(steps);
    CorrectedDescent corrected(steps);
    plain.tune(prompts);
    corrected.tune(prompts);
    const double ratio = mean_loss(corrected, prompts) / mean_loss(plain, prompts);
    if (steps == 1) {
      EXPECT_NEAR(ratio, 1, 1e-6);
    } else {
      EXPECT_LT(ratio, 0.9 * before) << steps;  // the lead grows with the steps
    }
    before = ratio;
  }
}

}  // namespace
}  // namespace gramian::test
