#include "gramian/solvers/ridge.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "gramian/solvers/tune.h"
#include "tests/solvers/prompts.h"

namespace gramian::test {
namespace {

std::vector<RegressionTask> all_shapes(const NoisePrior& noise) {
  std::vector<RegressionTask> tasks;
  for (const auto& [n, d] : {std::pair{3, 5}, {5, 5}, {12, 5}, {1, 1}, {6, 1}, {20, 10}}) {
    tasks.push_back(make_task(n, d, noise));
    tasks.push_back(make_correlated_task(n, d, noise, WeightLaw::isotropic));
    tasks.push_back(make_correlated_task(n, d, noise, WeightLaw::inverse_covariance));
  }
  return tasks;
}

TEST(Ridge, IsTheDenseSolution) {
  for (const RegressionTask& task : all_shapes(NoisePrior::uniform(0.5, 2).value())) {
    const TokenPrompt prompt = TokenGenerator(task, 11).draw();
    const Matrix system =
        prompt.x.transpose() * prompt.x + prompt.sigma * prompt.sigma * precision_of(task);
    const Vector expected = system.ldlt().solve(prompt.x.transpose() * prompt.y);
    const Vector weights = weights_of(OracleRidge(), task, prompt);
    EXPECT_LT((weights - expected).norm(), 1e-12 * expected.norm())
        << "n = " << task.n() << ", d = " << task.d();
  }
}

TEST(Ridge, OlsHasTheMinimumNormOfThePrior) {
  for (const RegressionTask& task : all_shapes(NoisePrior::constant(1).value())) {
    const TokenPrompt prompt = TokenGenerator(task, 12).draw();
    const Matrix root = precision_of(task).llt().matrixU();  // |w|_K = |root w|
    const Matrix inverse = root.inverse();
    const Vector expected =
        inverse * (prompt.x * inverse).completeOrthogonalDecomposition().solve(prompt.y);
    const Vector weights = weights_of(FixedRidge("ols", 0), task, prompt);
    // Through the Gram matrix the condition number enters squared.
    const Matrix whitened = prompt.x * inverse;
    const double condition =
        whitened.norm() * whitened.completeOrthogonalDecomposition().pseudoInverse().norm();
    EXPECT_LT((weights - expected).norm(), 1e-14 * condition * condition * expected.norm());
  }
}

TEST(Ridge, ZeroPredictsZero) {
  const RegressionTask task = make_task(4, 6, kUniform5);
  const FixedRidge zero("zero", std::numeric_limits<double>::infinity());
  EXPECT_EQ(weights_of(zero, task, TokenGenerator(task, 13).draw()).norm(), 0.0);
}

TEST(Ridge, AdaptiveEstimatesTheNoise) {
  const RegressionTask task =
      make_correlated_task(12, 5, NoisePrior::constant(1.5).value(), WeightLaw::isotropic);
  const TokenPrompt prompt = TokenGenerator(task, 14).draw();
  const Vector ols = prompt.x.completeOrthogonalDecomposition().solve(prompt.y);
  const double noise = (prompt.y - prompt.x * ols).squaredNorm() / (12 - 5);
  const Matrix system = prompt.x.transpose() * prompt.x + noise * Matrix::Identity(5, 5);
  const Vector expected = system.ldlt().solve(prompt.x.transpose() * prompt.y);
  EXPECT_LT((weights_of(AdaptiveRidge(), task, prompt) - expected).norm(), 1e-12 * expected.norm());
  EXPECT_LT((weights_of(TunedRidge(), task, prompt) - expected).norm(),
            1e-12 * expected.norm());  // c = 1, T = inf
}

TEST(Ridge, AdaptiveNeedsResiduals) {
  EXPECT_TRUE(AdaptiveRidge().applicable(11, 10));
  for (const int n : {10, 7}) {
    const Status status = AdaptiveRidge().applicable(n, 10);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().message,
              fmt::format("n - d = {} residual degrees of freedom, needs >= 1 (n = {}, d = 10)",
                          n - 10, n));
    EXPECT_FALSE(TunedRidge().applicable(n, 10));
    EXPECT_TRUE(OracleRidge().applicable(n, 10));
  }
}

TEST(Tuning, ConstantIsTheMeanSquareOfTheNoise) {
  // Not exactly so in theory, but within 1% at n = 20 (the paper's problems).
  for (const NoisePrior& noise : {kUniform5, NoisePrior::categorical({1, 3}).value()}) {
    const RegressionTask task = make_task(20, 10, noise);
    ConstantRidge solver;
    solver.tune(draw_spectra(task, 20'000, 21));
    EXPECT_NEAR(solver.constants()[0].value / noise.mean_square(), 1.0, 0.04);
  }
}

TEST(Tuning, NoNoiseNeedsNoPenalty) {
  const RegressionTask task = make_task(20, 10, NoisePrior::constant(0).value());
  ConstantRidge constant;
  constant.tune(draw_spectra(task, 200, 22));
  EXPECT_EQ(constant.constants()[0].value, 0.0);
}

// Ridge with penalty min(c sigma_hat^2, T), written again.
double mean_tuned_loss(const SpectrumBatch& prompts, double c, double ceiling) {
  double sum = 0;
  for (std::size_t p = 0; p < prompts.size(); ++p) {
    const Spectrum prompt = prompts[p];
    const double s = std::min(c * prompt.rss / (prompt.n - prompt.d), ceiling);
    for (int i = 0; i < prompt.d; ++i) {
      sum += 0.5 * std::pow(prompt.moments[i] / (prompt.eigenvalues[i] + s) - prompt.truth[i], 2);
    }
  }
  return sum / static_cast<double>(prompts.size());
}

TEST(Tuning, TwoConstantsReachTheMinimum) {
  for (const NoisePrior& noise : {kUniform5, NoisePrior::categorical({1, 3}).value()}) {
    const SpectrumBatch prompts = draw_spectra(make_task(20, 10, noise), 2'000, 23);
    TunedRidge tuned;
    tuned.tune(prompts);
    const double c = tuned.constants()[0].value, ceiling = tuned.constants()[1].value;
    const double reached = mean_loss(tuned, prompts);
    EXPECT_NEAR(reached, mean_tuned_loss(prompts, c, ceiling), 1e-12);
    for (double u = 0.5; u < 4; u *= 1.15) {
      for (double t = 2; t < 60; t *= 1.15)
        EXPECT_LT(reached, mean_tuned_loss(prompts, u, t) + 1e-6) << u << " " << t;
    }
  }
}

TEST(Tuning, MinimiseScale) {
  const auto bowl = [](double x) { return x > 0 ? std::pow(std::log(x / 0.37), 2) : 100.0; };
  EXPECT_NEAR(minimise_scale(bowl, 1e-3, 1e3), 0.37, 1e-4);
  EXPECT_NEAR(minimise_scale(bowl, 1, 1e3), 1, 2e-4);                   // at the end of the bracket
  EXPECT_EQ(minimise_scale([](double x) { return x; }, 1e-3, 1), 0.0);  // at the endpoint 0
  EXPECT_EQ(minimise_scale([](double) { return 1; }, 1e-3, 1), 0.0);    // a tie
  EXPECT_EQ(minimise_scale(bowl, 0, 0), 0.0);
}

}  // namespace
}  // namespace gramian::test
