#include "gramian/solvers/conjugate_gradients.h"

#include <gtest/gtest.h>

#include "gramian/solvers/gradient_descent.h"
#include "gramian/solvers/ridge.h"
#include "gramian/solvers/tune.h"
#include "tests/solvers/prompts.h"

namespace gramian::test {
namespace {

using Penalty = ConjugateGradients::Penalty;

// k steps minimise the ridge objective over the Krylov space of k vectors: solved here in a basis
// of it.
TEST(ConjugateGradients, MinimisesOverTheKrylovSpace) {
  const NoisePrior noise = NoisePrior::uniform(0, 3).value();
  for (const Penalty penalty : {Penalty::none, Penalty::tuned}) {
    for (const WeightLaw weights : {WeightLaw::isotropic, WeightLaw::inverse_covariance}) {
      const RegressionTask task = make_correlated_task(12, 5, noise, weights);
      const Matrix precision = precision_of(task);
      for (const int steps : {1, 2, 3, 4}) {
        ConjugateGradients solver(steps, penalty);
        solver.tune(draw_spectra(task, 200, 61));
        const double s = penalty == Penalty::tuned ? solver.constants()[1].value : 0.0;
        EXPECT_EQ(s > 0, penalty == Penalty::tuned);

        const TokenPrompt prompt = TokenGenerator(task, 62).draw();
        const Matrix system = prompt.x.transpose() * prompt.x + s * precision;
        Matrix krylov(5, steps);
        Vector power = precision.llt().solve(prompt.x.transpose() * prompt.y);
        for (int k = 0; k < steps; ++k) {
          krylov.col(k) = power;
          power = precision.llt().solve(system * power).normalized();
        }
        const Matrix basis = krylov.householderQr().householderQ() * Matrix::Identity(5, steps);
        const Vector expected =
            basis * (basis.transpose() * system * basis)
                        .llt()
                        .solve(basis.transpose() * prompt.x.transpose() * prompt.y);
        EXPECT_LT((weights_of(solver, task, prompt) - expected).norm(), 1e-9 * expected.norm())
            << steps;
      }
    }
  }
}

TEST(ConjugateGradients, IsExactAfterAsManyStepsAsDimensions) {
  const NoisePrior noise = NoisePrior::uniform(0, 3).value();
  for (const int n : {3, 20}) {  // also with fewer examples than dimensions
    const RegressionTask task = make_task(n, 5, noise);
    const SpectrumBatch prompts = draw_spectra(task, 100, 63);
    const FixedRidge ols("ols", 0);
    const ConjugateGradients full(5, Penalty::none), more(50, Penalty::none);
    std::vector<double> want(5), got(5), still(5);
    for (std::size_t p = 0; p < prompts.size(); ++p) {
      ols.solve(prompts[p], want);
      full.solve(prompts[p], got);
      more.solve(prompts[p], still);
      double size = 0;
      for (const double w : want) size = std::max(size, std::abs(w));
      const double condition =
          prompts[p].eigenvalues.back() /
          prompts[p].eigenvalues[static_cast<std::size_t>(5 - prompts[p].rank)];
      for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_NEAR(got[i], want[i], 1e-11 * condition * size);
        EXPECT_NEAR(still[i], want[i], 1e-11 * condition * size);
      }
    }
  }
}

TEST(ConjugateGradients, OfAnEmptyPromptIsZero) {
  const RegressionTask task = make_task(4, 3, NoisePrior::constant(0).value());
  SpectrumBatch batch(task, 1);
  PromptBlock<double> block(3);
  batch.fill(block, 1, 0);
  std::vector<double> got(3, 1.0);
  ConjugateGradients(3, Penalty::none).solve(batch[0], got);
  EXPECT_EQ(got, std::vector<double>(3, 0.0));
}

// Without noise the best polynomial of each prompt is better than one that serves all; with noise
// it fits the noise, and the penalty is worth having.
TEST(ConjugateGradients, NeedsThePenaltyOnNoisyPrompts) {
  const auto losses = [](double sigma, int steps) {
    const RegressionTask task = make_task(20, 10, NoisePrior::uniform(0, sigma).value());
    const SpectrumBatch prompts = draw_spectra(task, 2'000, 64);
    ConjugateGradients plain(steps, Penalty::none), ridge(steps, Penalty::tuned);
    GradientDescent descent(steps);
    for (Solver* solver : {static_cast<Solver*>(&plain), static_cast<Solver*>(&ridge),
                           static_cast<Solver*>(&descent)}) {
      solver->tune(prompts);
    }
    return std::array{mean_loss(plain, prompts), mean_loss(ridge, prompts),
                      mean_loss(descent, prompts)};
  };
  const auto quiet = losses(0, 4), loud = losses(5, 4);
  EXPECT_LT(quiet[0], 0.5 * quiet[2]);
  EXPECT_EQ(quiet[1], quiet[0]);
  EXPECT_LT(loud[1], 0.8 * loud[0]);
}

}  // namespace
}  // namespace gramian::test
