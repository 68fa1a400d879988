// The closed forms against published numbers, exact moments and the networks themselves.
#include "gramian/theory/gd_family.h"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "gramian/models/pass.h"

namespace gramian {
namespace {

// x ~ U(-1/2, 1/2), as in the code of von Oswald et al.
RegressionTask uniform_task(int d, int n) {
  TaskSpec spec;
  spec.d = d;
  spec.n = n;
  spec.inputs = InputLaw::uniform;
  spec.covariance.assign(static_cast<std::size_t>(d * d), 0.0);
  for (int i = 0; i < d; ++i) spec.covariance[static_cast<std::size_t>(i * d + i)] = 1.0 / 12;
  return RegressionTask::create(spec).value();
}

ContextSpectra spectra_of(int d, int n, std::size_t contexts = 20'000) {
  return ContextSpectra::draw(uniform_task(d, n), contexts, 5).value();
}

// s_2 = 1/12, m_4 = 1/80, E |S|^2 = N (d m_4 + d (d - 1) s_2^2) + N (N - 1) d s_2^2.
TEST(GdFamily, OneStepHasExactMoments) {
  const double d = 10, n = 10, s2 = 1.0 / 12, m4 = 1.0 / 80;
  const double square = n * (d * m4 + d * (d - 1) * s2 * s2) + n * (n - 1) * d * s2 * s2;
  const double step = n * (n * s2 * d / square);
  const double loss = 0.5 * s2 * (d - n * n * s2 * s2 * d * d / square);
  EXPECT_NEAR(square, 13.75, 1e-12);
  EXPECT_NEAR(loss, 0.20623, 1e-5);
  const ContextSpectra spectra = spectra_of(10, 10);
  const GdOptimum best = best_gd(spectra, 1, {});
  EXPECT_NEAR(best.layers[0].step, step, 0.02);
  EXPECT_NEAR(best.loss.mean, loss, 4 * best.loss.se);
  EXPECT_LT(best.loss.se, 1e-3);
}

struct Expectation {
  int n, layers;
  GdFamily family;
  double loss, step, curvature;  // of the plain sum: eta / N and gamma; 0: not compared
};

// Optimised values of an independent calculation (d = 10). Its own sampling error is about 0.5%.
TEST(GdFamily, OptimaOfManyLayers) {
  const GdFamily shared{.tied = true}, free{}, shared_pp{.curvature = true, .tied = true},
      free_pp{.curvature = true};
  const ContextSpectra ten = spectra_of(10, 10, 10'000), twenty_five = spectra_of(10, 25, 10'000);
  for (const Expectation& e : {Expectation{10, 2, shared, 0.1568, 0.597, 0},
                               {10, 2, free, 0.1415, 0, 0},
                               {10, 2, shared_pp, 0.1107, 1.342, 0.175},
                               {10, 2, free_pp, 0.0916, 0.416, 0.404},
                               {10, 5, shared, 0.1083, 0.560, 0},
                               {10, 5, free, 0.0779, 0, 0},
                               {10, 5, shared_pp, 0.0513, 3.15, 0.206},
                               {10, 10, shared_pp, 0.0297, 5.74, 0},
                               {25, 2, shared, 0.0585, 0, 0},
                               {25, 2, shared_pp, 0.0183, 0.734, 0.099}}) {
    const ContextSpectra& spectra = e.n == 10 ? ten : twenty_five;
    const GdOptimum best = best_gd(spectra, e.layers, e.family);
    SCOPED_TRACE(fmt::format("n = {}, L = {}, curvature {}, tied {}", e.n, e.layers,
                             e.family.curvature, e.family.tied));
    EXPECT_NEAR(best.loss.mean, e.loss, 0.025 * e.loss);
    if (e.step > 0) {
      EXPECT_NEAR(best.layers[0].step / e.n, e.step, 0.03 * e.step);
    }
    if (e.curvature > 0) {
      EXPECT_NEAR(best.layers[0].curvature / e.n, e.curvature, 0.006);
    }
    if (e.family.tied) {
      EXPECT_EQ(best.layers.front().step, best.layers.back().step);
    }
  }
}

// The closed form is the mean of what a GD++ network does on prompts, and no perturbation is
// better.
TEST(GdFamily, IsTheLossOfTheNetwork) {
  const RegressionTask task = uniform_task(4, 6);
  const ContextSpectra spectra = ContextSpectra::draw(task, 4000, 9).value();
  const std::vector<GdLayer> layers{{5, 0.8}, {6, 1.0}, {9, 1.1}};
  const NetworkSpec spec{.kind = Parametrisation::gdpp, .d = 4, .layers = 3};
  std::vector<double> theta;
  for (const GdLayer& layer : layers) theta.insert(theta.end(), {-layer.curvature, -layer.step});
  NetworkPass<double> pass(spec);
  PromptSampler<double> sampler(task, false);
  PromptBlock<double> block(4);
  AlignedArray<double> weights(4 * kLanes);
  double sum = 0, squares = 0;
  constexpr int kPrompts = 40'000;
  for (std::uint32_t first = 0; first < kPrompts; first += kLanes) {
    sampler.sample({.seed = 3, .stream = kEvaluationStream, .step = 0, .first = first}, kLanes,
                   block);
    pass.forward(theta.data(), block, spec.context_factor(6), weights.data());
    for (std::size_t p = 0; p < kLanes; ++p) {
      double loss = 0;
      for (std::size_t i = 0; i < 4; ++i) {
        const double error = weights[i * kLanes + p] - block.truth[i * kLanes + p];
        loss += 0.5 / 12 * error * error;
      }
      sum += loss;
      squares += loss * loss;
    }
  }
  const double mean = sum / kPrompts, se = std::sqrt((squares / kPrompts - mean * mean) / kPrompts);
  const ContextMean expected = gd_loss(spectra, layers);
  EXPECT_NEAR(mean, expected.mean, 4 * std::hypot(se, expected.se));

  const GdOptimum best = best_gd(spectra, 3, {.curvature = true});
  EXPECT_LT(best.loss.mean, expected.mean);
  for (std::size_t k = 0; k < 3; ++k) {
    for (const double factor : {0.98, 1.02}) {
      auto other = best.layers;
      other[k].step *= factor;
      EXPECT_GE(gd_loss(spectra, other).mean, best.loss.mean);
      other = best.layers;
      other[k].curvature *= factor;
      EXPECT_GE(gd_loss(spectra, other).mean, best.loss.mean);
    }
  }
}

RegressionTask noiseless_task(int d, int n) {
  TaskSpec spec;
  spec.d = d;
  spec.n = n;
  spec.noise = NoisePrior::constant(0).value();
  return RegressionTask::create(spec).value();
}

// L = 1: step = n / (n + d + 1 + E sigma^2), loss = d/2 (1 - step), for G/n.
TEST(GdFamily, OneLayerOverTheExactLawIsTheClosedForm) {
  for (const auto& [d, n, noise] : {std::tuple{10, 20, 0.0}, {10, 20, 25.0 / 3}, {3, 40, 5.0}}) {
    const EigenvalueLaw law = eigenvalue_law(noiseless_task(d, n)).value();
    const double step = n / (n + d + 1 + noise);
    for (const bool curvature : {false, true}) {
      const GdOptimum best = best_gd(law, noise, 1, {.curvature = curvature});
      EXPECT_NEAR(best.layers[0].step, step, 1e-7);
      EXPECT_NEAR(best.loss.mean, 0.5 * d * (1 - step), 1e-8 * d);
    }
  }
}

// Without noise, d = 10, n = 20, by an independent program (NumPy, another grid, starts and
// minimiser). With four layers its 120 starts found a worse valley.
TEST(GdFamily, DeepOptimaOverTheExactLaw) {
  const EigenvalueLaw law = eigenvalue_law(noiseless_task(10, 20)).value();
  // The losses of these networks under an independent law (the same formula of de Bruijn with
  // incomplete beta functions to 60 digits). L = 4 is better than the best of 25 starts of an
  // independent optimiser, 3.951e-4.
  const double expected[] = {0.26794, 0.017038, 3.911e-4, 3.297e-6, 3.471e-9, 2.243e-12};
#ifdef NDEBUG
  constexpr int kDeepest = 7;
#else
  constexpr int kDeepest = 4;  // sanitizers and -O0
#endif
  for (int layers = 2; layers <= kDeepest; ++layers) {
    const GdOptimum best = best_gd(law, 0, layers, {.curvature = true});
    EXPECT_NEAR(best.loss.mean, expected[layers - 2], 1e-3 * expected[layers - 2]) << layers;
    EXPECT_DOUBLE_EQ(best.loss.mean, gd_loss(law, 0, best.layers));
  }
}

// Ridge with the constant E sigma^2 is the best that is linear in the targets: lambda by lambda rho
// = k / (1 + k) with k = sigma^2 / (n lambda). Deep GD++ comes near, from above.
// Layers of a network and back, whatever the scale of its G.
TEST(GdFamily, LayersOfANetworkAreReadBack) {
  const std::vector<GdLayer> layers{{0.4, 0.07}, {1.3, -0.2}, {2.0, 0}};
  for (const ContextScale scale : {ContextScale::mean, ContextScale::sum}) {
    const Network network = gdpp_network(layers, {.d = 4, .context_scale = scale}, 9);
    const std::vector<GdLayer> again = gd_layers(network, 9);
    ASSERT_EQ(again.size(), layers.size());
    for (std::size_t l = 0; l < layers.size(); ++l) {
      EXPECT_NEAR(again[l].step, layers[l].step, 1e-14);
      EXPECT_NEAR(again[l].curvature, layers[l].curvature, 1e-14);
    }
  }
}

TEST(GdFamily, TendsToRidgeWithNoise) {
  constexpr double kNoise = 25.0 / 3;
  const EigenvalueLaw law = eigenvalue_law(noiseless_task(10, 20)).value();
  double ridge = 0;
  for (std::size_t k = 0; k < law.lambda.size(); ++k) {
    const double ratio = kNoise / (20 * law.lambda[k]);
    ridge += 0.5 * law.count[k] * ratio / (1 + ratio);
  }
  double last = 5;
  for (int layers = 1; layers <= 4; ++layers) {
    const double loss = best_gd(law, kNoise, layers, {.curvature = true}).loss.mean;
    EXPECT_GT(loss, ridge);
    EXPECT_LE(loss, last * (1 + 1e-9)) << layers;
    last = loss;
  }
  EXPECT_LT(last, 1.005 * ridge);
}

// What is rarer than one in a million does not count, but down to one in ten million is no worse
// than predicting zero.
TEST(GdFamily, RareEigenvaluesDoNotCount) {
  const EigenvalueLaw law = eigenvalue_law(noiseless_task(10, 20)).value();
  const EigenvalueLaw seen = law.without_largest(1e-6), guarded = law.without_largest(1e-7);
  constexpr int kLayers = 4;
  const GdOptimum all = best_gd(law, 0, kLayers, {.curvature = true});
  const GdOptimum cut = best_gd(law, 0, kLayers, {.curvature = true}, 1e-6);
  EXPECT_LT(cut.loss.mean, 0.5 * all.loss.mean);
  EXPECT_DOUBLE_EQ(cut.loss.mean, gd_loss(seen, 0, cut.layers));
  EXPECT_LT(cut.loss.mean, gd_loss(seen, 0, all.layers));
  EXPECT_GT(gd_loss(law, 0, cut.layers), all.loss.mean);
  for (std::size_t k = seen.lambda.size(); k < guarded.lambda.size(); ++k) {
    const EigenvalueLaw one{
        .d = 1, .n = 20, .variance = 1, .lambda = {law.lambda[k]}, .count = {1}};
    EXPECT_LT(gd_loss(one, 0, cut.layers), 0.5 * 1.01) << law.lambda[k];
  }
}

// No start but a careful one is finite.
TEST(GdFamily, VeryDeepNetworksHaveAnOptimumToo) {
  const EigenvalueLaw law = eigenvalue_law(noiseless_task(4, 12)).value();
  const double deep = best_gd(law, 2, 100, {}).loss.mean;
  EXPECT_LE(deep, best_gd(law, 2, 3, {}).loss.mean);
}

TEST(GdFamily, RefusesWhatHasNoClosedForm) {
  TaskSpec spec;
  spec.d = 2;
  spec.covariance = {1, 0, 0, 2};
  const auto skewed = ContextSpectra::draw(RegressionTask::create(spec).value(), 10, 1);
  ASSERT_FALSE(skewed);
  EXPECT_NE(skewed.error().message.find("multiple of I, got 2 at row 1, column 1"),
            std::string::npos);
  spec.covariance = {};
  spec.noise = NoisePrior::constant(2).value();
  const auto noisy = ContextSpectra::draw(RegressionTask::create(spec).value(), 10, 1);
  ASSERT_FALSE(noisy);
  EXPECT_NE(noisy.error().message.find("constant 2"), std::string::npos);
}

}  // namespace
}  // namespace gramian
