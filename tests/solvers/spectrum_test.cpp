#include "gramian/solvers/spectrum.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/solvers/prompts.h"

namespace gramian::test {
namespace {

TEST(Spectrum, LossesAreThoseOfTheWeights) {
  const NoisePrior noise = NoisePrior::uniform(0, 2).value();
  const RegressionTask tasks[] = {make_task(9, 4, noise),
                                  make_correlated_task(9, 4, noise, WeightLaw::isotropic),
                                  make_correlated_task(9, 4, noise, WeightLaw::inverse_covariance)};
  const auto solvers = make_solvers(noise, 9, 3);
  for (const RegressionTask& task : tasks) {
    TokenGenerator generator(task, 1);
    for (int repeat = 0; repeat < 5; ++repeat) {
      const TokenPrompt prompt = generator.draw();
      const Vector error = weights_of(*solvers[kOracle], task, prompt) - prompt.truth;
      const SpectrumBatch batch = spectra_of(task, {prompt});
      std::vector<double> coordinates(4);
      solvers[kOracle]->solve(batch[0], coordinates);
      const double integrated = 0.5 * error.dot(covariance_of(task) * error);
      const double sampled = 0.5 * std::pow(error.dot(prompt.query), 2);
      EXPECT_NEAR(loss(batch[0], coordinates, QueryMode::integrated), integrated,
                  1e-11 * (1 + integrated));
      EXPECT_NEAR(loss(batch[0], coordinates, QueryMode::sampled), sampled, 1e-11 * (1 + sampled));
    }
  }
}

TEST(Spectrum, ResidualsAndRank) {
  const NoisePrior noise = NoisePrior::constant(1).value();
  for (const auto& [n, d] : {std::pair{3, 5}, {5, 5}, {6, 5}, {20, 5}, {1, 1}, {4, 1}}) {
    const RegressionTask task = make_task(n, d, noise);
    const TokenPrompt prompt = TokenGenerator(task, 2).draw();
    const SpectrumBatch batch = spectra_of(task, {prompt});
    const Spectrum spectrum = batch[0];
    EXPECT_EQ(spectrum.rank, std::min(n, d));
    EXPECT_NEAR(spectrum.yy, prompt.y.squaredNorm(), 1e-13 * spectrum.yy);
    const Vector ols = prompt.x.completeOrthogonalDecomposition().solve(prompt.y);
    if (n <= d) {
      EXPECT_EQ(spectrum.rss, 0.0);
    } else {
      EXPECT_NEAR(spectrum.rss, (prompt.y - prompt.x * ols).squaredNorm(), 1e-12 * spectrum.yy);
    }
    for (int i = 0; i < d - n; ++i) EXPECT_EQ(spectrum.eigenvalues[i], 0.0);
  }
}

TEST(Spectrum, FillReplacesOnlyItsRange) {
  const RegressionTask task = make_task(6, 3, NoisePrior::constant(1).value());
  TokenGenerator generator(task, 3);
  PromptBlock<double> block(3);
  for (int lane = 0; lane < kLanes; ++lane) set_lane(generator.draw(), lane, block);
  SpectrumBatch batch(task, 40);
  batch.fill(block, 5, 20);
  EXPECT_EQ(batch[19].yy, 0.0);
  EXPECT_EQ(batch[25].yy, 0.0);
  for (int lane = 0; lane < 5; ++lane) EXPECT_GT(batch[20 + lane].yy, 0.0);
#ifdef GRAMIAN_ASSERTIONS
  EXPECT_DEATH(batch.fill(block, 5, 36), "first \\+ count <= size_");
  EXPECT_DEATH((void)batch[40], "index < size_");
#endif
}

}  // namespace
}  // namespace gramian::test
