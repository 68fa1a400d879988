#include "gramian/solvers/heavy_ball.h"

#include <gtest/gtest.h>

#include "gramian/solvers/gradient_descent.h"
#include "gramian/solvers/tune.h"
#include "tests/solvers/prompts.h"

namespace gramian::test {
namespace {

TEST(HeavyBall, IsTheIteration) {
  const NoisePrior noise = NoisePrior::uniform(0, 3).value();
  for (const int steps : {1, 2, 3, 7}) {
    for (const WeightLaw weights : {WeightLaw::isotropic, WeightLaw::inverse_covariance}) {
      for (const int n : {3, 12}) {
        const RegressionTask task = make_correlated_task(n, 5, noise, weights);
        HeavyBall solver(steps);
        solver.tune(draw_spectra(task, 200, 41));
        const auto constants = solver.constants();
        ASSERT_EQ(constants.size(), 3u);
        const double step_size = constants[1].value, momentum = constants[2].value;
        EXPECT_GT(step_size, 0.0);
        EXPECT_EQ(momentum != 0, steps > 1);

        const TokenPrompt prompt = TokenGenerator(task, 42).draw();
        const Matrix preconditioner = precision_of(task).inverse();
        Vector expected = Vector::Zero(5), velocity = expected;
        for (int k = 0; k < steps; ++k) {
          velocity = momentum * velocity +
                     preconditioner * prompt.x.transpose() * (prompt.y - prompt.x * expected);
          expected += step_size * velocity;
        }
        EXPECT_LT((weights_of(solver, task, prompt) - expected).norm(), 1e-11 * expected.norm());
      }
    }
  }
}

// It has gradient descent's one constant and one more.
TEST(HeavyBall, IsNoWorseThanGradientDescent) {
  for (const double sigma : {0.0, 3.0}) {
    const RegressionTask task = make_task(20, 10, NoisePrior::uniform(0, sigma).value());
    const SpectrumBatch prompts = draw_spectra(task, 1'000, 43);
    for (const int steps : {1, 2, 5}) {
      GradientDescent plain(steps);
      HeavyBall heavy(steps);
      plain.tune(prompts);
      heavy.tune(prompts);
      const double ratio = mean_loss(heavy, prompts) / mean_loss(plain, prompts);
      if (steps == 1) {
        EXPECT_NEAR(ratio, 1, 1e-6);
      } else {
        EXPECT_LT(ratio, sigma == 0 ? 0.9 : 0.999) << sigma << ", " << steps;
      }
    }
  }
}

// Two steps are b (c_0 + c_1 l) with c_0 = eta (2 + beta), c_1 = -eta^2: any line, so the tuned
// constants are those of linear least squares, E [b p]^T [b p] c = E [b p]^T w with p = (1, l).
TEST(HeavyBall, TwoStepsAreTheBestLine) {
  const RegressionTask task = make_task(20, 10, NoisePrior::constant(0).value());
  const SpectrumBatch prompts = draw_spectra(task, 1'000, 44);
  Matrix normal = Matrix::Zero(2, 2);
  Vector right = Vector::Zero(2);
  for (std::size_t p = 0; p < prompts.size(); ++p) {
    for (std::size_t i = 0; i < 10; ++i) {
      const Eigen::Vector2d terms =
          prompts[p].moments[i] * Eigen::Vector2d(1, prompts[p].eigenvalues[i]);
      normal += terms * terms.transpose();
      right += terms * prompts[p].truth[i];
    }
  }
  const Vector c = normal.llt().solve(right);
  const double step_size = std::sqrt(-c(1)), momentum = c(0) / step_size - 2;
  HeavyBall solver(2);
  solver.tune(prompts);
  EXPECT_NEAR(solver.constants()[1].value, step_size, 1e-3 * step_size);
  EXPECT_NEAR(solver.constants()[2].value, momentum, 2e-3);
}

}  // namespace
}  // namespace gramian::test
