#include "gramian/solvers/bayes.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/evaluation/statistics.h"
#include "gramian/solvers/ridge.h"
#include "tests/solvers/prompts.h"

namespace gramian::test {
namespace {

// The posterior mean over an even grid of sigma, from the tokens: the marginal of y is
// N(0, X K^-1 X^T + sigma^2 I).
Vector brute_force(const RegressionTask& task, const TokenPrompt& prompt, double low, double high,
                   int cells) {
  const int n = task.n();
  const Matrix precision = precision_of(task);
  const Matrix kernel = prompt.x * precision.inverse() * prompt.x.transpose();
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(kernel);
  const Vector y = eigen.eigenvectors().transpose() * prompt.y;
  std::vector<double> log_density(cells), sigma(cells);
  for (int k = 0; k < cells; ++k) {
    sigma[k] = low + (high - low) * (k + 0.5) / cells;
    double sum = 0;
    for (int i = 0; i < n; ++i) {
      const double variance = std::max(eigen.eigenvalues()(i), 0.0) + sigma[k] * sigma[k];
      sum += std::log(variance) + y(i) * y(i) / variance;
    }
    log_density[k] = -sum / 2;
  }
  const double largest = *std::max_element(log_density.begin(), log_density.end());
  Vector dual = Vector::Zero(n);  // (kernel + sigma^2)^-1 y, averaged
  double total = 0;
  for (int k = 0; k < cells; ++k) {
    const double weight = std::exp(log_density[k] - largest);
    total += weight;
    dual += weight * (y.array() / (eigen.eigenvalues().array() + sigma[k] * sigma[k])).matrix();
  }
  return precision.inverse() * prompt.x.transpose() * eigen.eigenvectors() * dual / total;
}

TEST(Bayes, IsTheFineGrid) {
  for (const auto& [low, high] : {std::pair{0.0, 5.0}, {1.0, 2.0}}) {
    const NoisePrior noise = NoisePrior::uniform(low, high).value();
    for (const auto& [n, d] :
         {std::pair{20, 10}, {5, 10}, {10, 10}, {11, 10}, {1, 1}, {2, 1}, {300, 3}}) {
      for (const WeightLaw weights : {WeightLaw::isotropic, WeightLaw::inverse_covariance}) {
        const RegressionTask task = make_correlated_task(n, d, noise, weights);
        const Bayes bayes(noise, n);
        TokenGenerator generator(task, 41);
        for (int repeat = 0; repeat < 3; ++repeat) {
          const TokenPrompt prompt = generator.draw();
          const Vector expected = brute_force(task, prompt, low, high, 100'000);
          const Vector found = weights_of(bayes, task, prompt);
          EXPECT_LT((found - expected).norm(), 1e-6 * expected.norm())
              << "n = " << n << ", d = " << d << ", low = " << low;
        }
      }
    }
  }
}

TEST(Bayes, IsTheOracleForConstantNoise) {
  for (const double sigma : {0.0, 0.3, 4.0}) {
    const NoisePrior noise = NoisePrior::constant(sigma).value();
    for (const int n : {4, 6, 20}) {
      const RegressionTask task = make_task(n, 6, noise);
      const TokenPrompt prompt = TokenGenerator(task, 42).draw();
      const Vector expected = weights_of(OracleRidge(), task, prompt);
      EXPECT_LT((weights_of(Bayes(noise, n), task, prompt) - expected).norm(),
                1e-12 * expected.norm());
    }
  }
}

TEST(Bayes, IsTheMixtureForAtoms) {
  const NoisePrior noise = NoisePrior::categorical({1, 3}).value();
  const RegressionTask task = make_task(12, 5, noise);
  const TokenPrompt prompt = TokenGenerator(task, 43).draw();
  Vector expected = Vector::Zero(5);
  double total = 0;
  for (const double sigma : {1.0, 3.0}) {
    const Matrix marginal =
        prompt.x * prompt.x.transpose() + sigma * sigma * Matrix::Identity(12, 12);
    const Vector dual = marginal.ldlt().solve(prompt.y);
    const double density = std::exp(-prompt.y.dot(dual) / 2) / std::sqrt(marginal.determinant());
    expected += density * prompt.x.transpose() * dual;
    total += density;
  }
  expected /= total;
  EXPECT_LT((weights_of(Bayes(noise, 12), task, prompt) - expected).norm(),
            1e-12 * expected.norm());
}

TEST(Bayes, RecognisesPromptsWithoutNoise) {
  const NoisePrior belief = NoisePrior::mixture({{0, 0, 1}, {1, 3, 1}}).value();
  const Bayes bayes(belief, 20);
  const RegressionTask silent = make_task(20, 10, NoisePrior::constant(0).value());
  const TokenPrompt prompt = TokenGenerator(silent, 44).draw();
  EXPECT_LT((weights_of(bayes, silent, prompt) - prompt.truth).norm(), 1e-10 * prompt.truth.norm());

  const RegressionTask loud = make_task(20, 10, NoisePrior::constant(1.0).value());
  const TokenPrompt noisy = TokenGenerator(loud, 44).draw();
  const Vector without_atom = weights_of(Bayes(NoisePrior::uniform(1, 3).value(), 20), loud, noisy);
  EXPECT_LT((weights_of(bayes, loud, noisy) - without_atom).norm(), 1e-12 * without_atom.norm());
}

// A uniform belief up to 5 must not blur a prompt whose noise is almost nothing.
TEST(Bayes, FollowsTinyNoise) {
  const Bayes bayes(NoisePrior::uniform(0, 5).value(), 20);
  for (const double sigma : {0.0, 1e-6, 1e-4, 1e-2}) {
    const RegressionTask task = make_task(20, 10, NoisePrior::constant(sigma).value());
    TokenGenerator generator(task, 45);
    for (int repeat = 0; repeat < 5; ++repeat) {
      const TokenPrompt prompt = generator.draw();
      const Vector oracle = weights_of(OracleRidge(), task, prompt);
      // Ridge with any penalty of the size of sigma^2 moves the weights by about sigma^2.
      EXPECT_LT((weights_of(bayes, task, prompt) - oracle).norm(), 2 * sigma * sigma + 1e-11);
    }
  }
}

// A posterior mean m is known by its errors: E <m - w, g> = 0 for every vector g that
// depends on the prompt alone, so here for g = (another solver) - m. Hence its mean loss is
// the least, and that too is seen here beyond the standard error of the difference.
TEST(Bayes, ErrorsAreOrthogonalAndLossIsLeast) {
  struct Case {
    NoisePrior noise;
    int n, d;
  };
  const Case cases[] = {{NoisePrior::uniform(0, 5).value(), 20, 10},
                        {NoisePrior::categorical({1, 3}).value(), 20, 10},
                        {NoisePrior::uniform(0, 3).value(), 4, 6},
                        {NoisePrior::mixture({{0, 0, 1}, {0.5, 2, 3}}).value(), 8, 4}};
  for (const auto& [noise, n, d] : cases) {
    const SpectrumBatch prompts = draw_spectra(make_task(n, d, noise), 5'000, 46);
    const auto solvers = make_solvers(noise, n, 5);
    std::vector<double> posterior(d), other(d);
    for (const auto& solver : solvers) {
      if (solver->name() == "oracle" || solver->name() == "bayes" || !solver->applicable(n, d))
        continue;
      solver->tune(prompts);
      RunningMean products, differences;
      for (std::size_t p = 0; p < prompts.size(); ++p) {
        solvers[kBayes]->solve(prompts[p], posterior);
        solver->solve(prompts[p], other);
        double product = 0;
        for (int i = 0; i < d; ++i)
          product += (posterior[i] - prompts[p].truth[i]) * (other[i] - posterior[i]);
        products.add(product);
        differences.add(loss(prompts[p], other, QueryMode::integrated) -
                        loss(prompts[p], posterior, QueryMode::integrated));
      }
      const std::string place = fmt::format("{}, {}", solver->name(), noise.describe());
      EXPECT_LT(std::abs(products.mean()), 3.5 * products.standard_error()) << place;
      EXPECT_GT(differences.mean(), 2 * differences.standard_error()) << place;
    }
  }
}

}  // namespace
}  // namespace gramian::test
