// The exact law of the eigenvalues of a prompt against moments, closed forms and sampled prompts.
#include "gramian/theory/eigenvalue_law.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "gramian/theory/gd_family.h"

namespace gramian {
namespace {

RegressionTask gaussian_task(int d, int n, double variance = 1) {
  TaskSpec spec;
  spec.d = d;
  spec.n = n;
  spec.noise = NoisePrior::constant(0).value();
  if (variance != 1) {
    spec.covariance.assign(static_cast<std::size_t>(d * d), 0.0);
    for (int i = 0; i < d; ++i) spec.covariance[static_cast<std::size_t>(i * d + i)] = variance;
  }
  return RegressionTask::create(spec).value();
}

template <class Function>
double mean(const EigenvalueLaw& law, const Function& f) {
  double sum = 0;
  for (std::size_t k = 0; k < law.lambda.size(); ++k) sum += law.count[k] * f(law.lambda[k]);
  return sum;
}

// E tr S = d, E tr S^2 = d (n + d + 1) / n, E tr S^3 = d (n^2 + d^2 + 3 n d + 3 n + 3 d + 4) / n^2,
// E tr S^-1 = d n / (n - d - 1) (of standard normal inputs).
TEST(EigenvalueLaw, HasTheMomentsOfWishart) {
  for (const auto& [d, n] :
       {std::pair{10, 20}, {9, 20}, {1, 7}, {2, 9}, {3, 100}, {10, 1000}, {32, 50}, {64, 66}}) {
    SCOPED_TRACE(testing::Message() << "d = " << d << ", n = " << n);
    const EigenvalueLaw law = eigenvalue_law(gaussian_task(d, n)).value();
    const double D = d, N = n;
    EXPECT_NEAR(mean(law, [](double) { return 1; }) / D, 1, 1e-9);
    EXPECT_NEAR(mean(law, [](double x) { return x; }) / D, 1, 1e-9);
    EXPECT_NEAR(mean(law, [](double x) { return x * x; }) / (D * (N + D + 1) / N), 1, 1e-9);
    EXPECT_NEAR(mean(law, [](double x) { return x * x * x; }) /
                    (D * (N * N + D * D + 3 * N * D + 3 * N + 3 * D + 4) / (N * N)),
                1, 1e-9);
    if (n > d + 3) {
      EXPECT_NEAR(mean(law, [](double x) { return 1 / x; }) / (D * N / (N - D - 1)), 1, 1e-6);
    }
  }
}

// With one input n S is chi-squared with n degrees of freedom: P(chi^2_4 > x) = e^{-x/2} (1 + x/2),
// far into the tail.
TEST(EigenvalueLaw, HasTheTailOfChiSquared) {
  const EigenvalueLaw law = eigenvalue_law(gaussian_task(1, 4)).value();
  for (const double x : {5.0, 20.0, 50.0}) {
    double above = 0;
    for (std::size_t k = 0; k < law.lambda.size(); ++k)
      above += law.lambda[k] * 4 > x ? law.count[k] : 0;
    // A sum over nodes that ends between two of them: as coarse as the distance of nodes.
    EXPECT_NEAR(above / (std::exp(-x / 2) * (1 + x / 2)), 1, 0.05) << x;
  }
}

TEST(EigenvalueLaw, ScalesWithTheVarianceOfInputs) {
  const EigenvalueLaw one = eigenvalue_law(gaussian_task(4, 9)).value(),
                      two = eigenvalue_law(gaussian_task(4, 9, 2.5)).value();
  EXPECT_EQ(two.variance, 2.5);
  EXPECT_EQ(one.count, two.count);
  EXPECT_NEAR(mean(two, [](double x) { return x; }), 2.5 * 4, 1e-8);
}

TEST(EigenvalueLaw, FewerTokensThanInputsLeaveZeros) {
  const EigenvalueLaw law = eigenvalue_law(gaussian_task(7, 3)).value();
  EXPECT_EQ(law.lambda.front(), 0);
  EXPECT_EQ(law.count.front(), 4);
  EXPECT_NEAR(mean(law, [](double) { return 1; }), 7, 1e-8);
  EXPECT_NEAR(mean(law, [](double x) { return x; }), 7, 1e-8);
}

TEST(EigenvalueLaw, LeavesOutTheLargest) {
  const EigenvalueLaw law = eigenvalue_law(gaussian_task(10, 20)).value();
  for (const double rare : {1e-3, 1e-6}) {
    const EigenvalueLaw cut = law.without_largest(rare);
    const double left_out = std::accumulate(
        law.count.begin() + static_cast<std::ptrdiff_t>(cut.count.size()), law.count.end(), 0.0);
    EXPECT_LT(left_out, rare);
    EXPECT_GT(left_out + cut.count.back(), rare);
  }
  EXPECT_EQ(law.without_largest(0).count.size(), law.count.size());
}

// 20,000 prompts; the deviation in standard errors of the sample, for functions of very different
// tails.
TEST(EigenvalueLaw, IsThatOfSampledPrompts) {
  const RegressionTask task = gaussian_task(10, 20);
  const EigenvalueLaw law = eigenvalue_law(task).value();
  const ContextSpectra spectra = ContextSpectra::draw(task, 20'000, 11).value();
  for (const GdLayer layer : {GdLayer{0.3, 0}, GdLayer{0.5, 0.1}, GdLayer{0.8, 0.05}}) {
    const std::vector<GdLayer> layers(3, layer);
    const ContextMean sampled = gd_loss(spectra, layers);
    EXPECT_NEAR(sampled.mean, gd_loss(law, 0, layers), 4 * sampled.se);
    EXPECT_LT(sampled.se, 0.05 * sampled.mean);
  }
}

// How many eigenvalues of 100,000 prompts lie above thresholds from the middle of the law to where
// one is left in a thousand prompts, and below the small ones, in standard errors of the counts
// (Poisson: eigenvalues of a prompt repel each other, which makes the true errors smaller).
TEST(EigenvalueLaw, HasTheTailsOfSampledPromptsOfTenInputs) {
  const RegressionTask task = gaussian_task(10, 20);
  const EigenvalueLaw law = eigenvalue_law(task).value();
  const int prompts = 100'000;
  const ContextSpectra spectra = ContextSpectra::draw(task, prompts, 12).value();
  std::vector<double> all = spectra.eigenvalues();
  std::sort(all.begin(), all.end());
  for (const double x : {0.003, 0.01, 0.05, 0.2, 1.0, 2.0, 3.0, 3.5, 4.0, 4.3}) {
    // A node of the law stands for the interval half way to its neighbours: the sum ends there.
    std::size_t k = 0;
    while (law.lambda[k] <= x) ++k;
    const double edge = (std::sqrt(law.lambda[k - 1]) + std::sqrt(law.lambda[k])) / 2;
    const double expected =
        prompts *
        std::accumulate(law.count.begin() + static_cast<std::ptrdiff_t>(k), law.count.end(), 0.0);
    const auto above =
        static_cast<double>(all.end() - std::lower_bound(all.begin(), all.end(), edge * edge));
    const double rarer = std::min(expected, 10.0 * prompts - expected);
    EXPECT_NEAR(above, expected, 4 * std::sqrt(rarer)) << x;
    if (x == 4.3) {
      EXPECT_GT(rarer, 5);  // there is a tail to see
      EXPECT_LT(rarer, 100);
    }
  }
}

TEST(EigenvalueLaw, SaysWhatItNeeds) {
  TaskSpec spec;
  spec.d = 3;
  spec.n = 8;
  spec.inputs = InputLaw::uniform;
  EXPECT_NE(
      eigenvalue_law(RegressionTask::create(spec).value()).error().message.find("[task.inputs]"),
      std::string::npos);
  spec.inputs = InputLaw::gaussian;
  spec.covariance = {1, 0, 0, 0, 2, 0, 0, 0, 1};
  EXPECT_NE(eigenvalue_law(RegressionTask::create(spec).value())
                .error()
                .message.find("[task.covariance]"),
            std::string::npos);
  EXPECT_NE(eigenvalue_law(gaussian_task(5, 5)).error().message.find("[task.n]"),
            std::string::npos);
  EXPECT_NE(eigenvalue_law(gaussian_task(65, 100)).error().message.find("[task.d]"),
            std::string::npos);
}

}  // namespace
}  // namespace gramian
