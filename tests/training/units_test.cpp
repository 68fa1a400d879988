// Units of weights: 1 on the problems of papers, and elsewhere such that a problem in other units
// of x and y is trained in the same way.
#include "gramian/training/units.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/training/trainer.h"

namespace gramian {
namespace {

constexpr Parametrisation kEveryKind[] = {Parametrisation::full, Parametrisation::diag,
                                          Parametrisation::gdpp, Parametrisation::preconditioned};

// Covariance `scale` I, noise of up to `sigma`.
RegressionTask scaled_task(int d, int n, double scale, double sigma,
                           WeightLaw weights = WeightLaw::isotropic) {
  TaskSpec spec;
  spec.d = d;
  spec.n = n;
  spec.noise = NoisePrior::uniform(0, sigma).value();
  spec.weights = weights;
  if (scale != 1) {
    spec.covariance.assign(static_cast<std::size_t>(d * d), 0.0);
    for (std::size_t i = 0; i < static_cast<std::size_t>(d); ++i)
      spec.covariance[i * static_cast<std::size_t>(d) + i] = scale;
  }
  return RegressionTask::create(spec).value();
}

TEST(Units, AreOneOnTheProblemsOfPapers) {
  struct Published {
    int d, n, deepest;
    double scale, sigma;
    WeightLaw weights = WeightLaw::isotropic;
  };
  const Published problems[] = {
      {10, 20, 7, 1, 7},
      {5, 20, 10, 1, 0, WeightLaw::inverse_covariance},
      {10, 5, 2, 1, 0, WeightLaw::inverse_covariance},
      {10, 30, 2, 1, 0, WeightLaw::inverse_covariance},
      {10, 100, 10, 10, 0, WeightLaw::inverse_covariance},  // kappa = 100
      {10, 5, 1, 1.0 / 12, 0},
      {10, 10, 10, 1.0 / 12, 0},
      {10, 50, 1, 1.0 / 12, 0},
  };
  for (const auto& [d, n, deepest, scale, sigma, weights] : problems) {
    const RegressionTask task = scaled_task(d, n, scale, sigma, weights);
    // As in papers/looped, which sets its step by the largest eigenvalue; papers/gd begins at
    // random.
    const double largest = scale * std::pow(1 + std::sqrt(static_cast<double>(d) / n), 2);
    const bool usual = sigma > 0 || d == 5;
    const InitialWeights how{.near_gd = scale >= 1, .step = usual ? 0.5 : 0.75 / largest};
    for (const Parametrisation kind : kEveryKind) {
      for (int layers = 1; layers <= deepest; ++layers) {
        const NetworkSpec network{.kind = kind, .d = d, .layers = layers};
        const Units units = units_of(task, network);
        EXPECT_TRUE(units.theta.empty());
        EXPECT_EQ(units.squared_error, 1);
        EXPECT_EQ(units.rate, 1);
        EXPECT_EQ(initial_network(task, network, how, 3).theta,
                  Network::initial(network, how, n, 3).theta)
            << name_of(kind) << " of " << layers << " layers, n = " << n;
      }
    }
  }
}

std::vector<double> losses(const RegressionTask& task, const NetworkSpec& network, Method method) {
  TrainSpec spec;
  spec.steps = 12;
  spec.batch = 64;
  spec.method = method;
  spec.precision = Precision::float64;
  ThreadPool pool(1);
  const auto trainer = Trainer::create(task, initial_network(task, network, {}, 1), spec, pool);
  std::vector<double> all;
  while (!trainer->done()) all.push_back(trainer->step().value().loss);
  return all;
}

// x 32 times and y 2^5 times as large: each loss is 2^10 times as large, in every step.
TEST(Units, TheSameProblemInOtherUnitsIsTrainedInTheSameWay) {
  constexpr double kFactor = 1024;
  for (const Parametrisation kind : kEveryKind) {
    for (const Method method : {Method::adam, Method::gauss_newton, Method::sgd}) {
      if (kind == Parametrisation::full && method == Method::gauss_newton) continue;
      for (const ContextScale scale : {ContextScale::sum, ContextScale::mean}) {
        const NetworkSpec network{.kind = kind, .d = 3, .layers = 2, .context_scale = scale};
        const auto one = losses(scaled_task(3, 8, kFactor, 16), network, method);
        const auto other = losses(scaled_task(3, 8, kFactor * kFactor, 512), network, method);
        ASSERT_EQ(one.size(), other.size());
        for (std::size_t i = 0; i < one.size(); ++i)
          EXPECT_NEAR(other[i] / one[i], kFactor, 1e-6 * kFactor)
              << name_of(kind) << ", step " << i;
        EXPECT_NE(one.front(), one.back());
      }
    }
  }
}

TEST(Units, WideAndDeepNetworksBeginWithLessNoiseAndALowerRate) {
  const auto rate = [](int d, int layers, int heads) {
    return units_of(scaled_task(d, 2 * d, 1, 1),
                    {.kind = Parametrisation::full, .d = d, .layers = layers, .heads = heads})
        .rate;
  };
  EXPECT_EQ(rate(10, 4, 1), 1);
  EXPECT_DOUBLE_EQ(rate(109, 4, 1), 0.1);
  EXPECT_DOUBLE_EQ(rate(10, 100, 1), 0.01);
  EXPECT_DOUBLE_EQ(rate(10, 4, 4), 0.25);
}

TEST(Units, SizesThatSinglePrecisionDoesNotHoldAreRefused) {
  const auto message = [](double scale, double sigma) {
    const Status status = check_sizes_of_numbers(scaled_task(2, 4, scale, sigma));
    return status ? "" : status.error().message;
  };
  EXPECT_EQ(message(1, 5), "");
  EXPECT_EQ(message(1e10, 1e5), "");
  EXPECT_NE(message(1, 3e7).find("[task.sigma]: the mean square of a target is 3e+14"),
            std::string::npos);
  EXPECT_NE(message(1e-13, 1).find("[task.covariance]: the largest eigenvalue is 1e-13"),
            std::string::npos);
  EXPECT_NE(message(9e11, 1).find("[task.covariance]: the mean square"), std::string::npos);
}

}  // namespace
}  // namespace gramian
