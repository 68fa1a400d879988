// The fast kernels against the token-by-token reference and central differences.
#include "gramian/models/pass.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "gramian/models/reference.h"
#include "tests/support/cases.h"
#include "tests/support/targets.h"

namespace gramian {
namespace {

using test::NetworkCase;

// Every network in both layouts on every instruction set.
template <class Body>
void for_each_case(Body body) {
  test::for_each_target([&] {
    for (const NetworkCase& c : test::network_cases()) {
      for (Layout layout : {Layout::lanes, Layout::rows}) {
        SCOPED_TRACE(c.name() + (layout == Layout::rows ? ", in rows" : ", in lanes"));
        body(c, layout);
      }
    }
  });
}

RegressionTask task_for(const NetworkCase& c) {
  TaskSpec spec;
  spec.d = c.spec.d;
  spec.n = c.n;
  spec.noise = NoisePrior::uniform(0, 1).value();
  return RegressionTask::create(spec).value();
}

struct Prompts {
  PromptBlock<double> block;
  AlignedArray<double> tokens;  // [n, D, lanes]

  explicit Prompts(const NetworkCase& c) : block(c.spec.d) {
    const RegressionTask task = task_for(c);
    PromptSampler<double>(task).sample_tokens({.seed = 11}, kLanes, block, tokens);
  }
  // Prompt `lane` as [n + 1, D], the query last.
  std::vector<double> tokens_of(int lane, int n, int d) const {
    std::vector<double> out;
    for (int i = 0; i < n * (d + 1); ++i)
      out.push_back(tokens[static_cast<size_t>(i * kLanes + lane)]);
    for (int i = 0; i < d; ++i) out.push_back(block.query[static_cast<size_t>(i * kLanes + lane)]);
    out.push_back(0.0);
    return out;
  }
};

TEST(Pass, PredictsLikeTheTokenReferenceAfterEveryLayer) {
  for_each_case([](const NetworkCase& c, Layout layout) {
    const int d = c.spec.d;
    const Network network = test::random_network(c, 5);
    const Prompts prompts(c);
    NetworkPass<double> pass(c.spec, layout);
    AlignedArray<double> final_weights(static_cast<size_t>(d * kLanes));
    AlignedArray<double> weights(static_cast<size_t>(c.spec.layers * d * kLanes));
    pass.forward(network.theta.data(), prompts.block, c.spec.context_factor(c.n),
                 final_weights.data());
    pass.read_out(weights.data());
    for (int lane : {0, 7, 15}) {
      const auto expected = token_predictions(network, prompts.tokens_of(lane, c.n, d));
      for (int layer = 0; layer < c.spec.layers; ++layer) {
        double prediction = 0, size = 0;
        for (int i = 0; i < d; ++i) {
          const double w = weights[static_cast<size_t>((layer * d + i) * kLanes + lane)];
          const double term = w * prompts.block.query[static_cast<size_t>(i * kLanes + lane)];
          prediction += term;
          size += std::abs(term);
          if (layer + 1 == c.spec.layers) {
            EXPECT_EQ(w, final_weights[static_cast<size_t>(i * kLanes + lane)]);
          }
        }
        const double want = expected[static_cast<size_t>(layer)];
        EXPECT_NEAR(prediction, want, 1e-12 * std::max(1.0, size))
            << "layer " << layer + 1 << ", lane " << lane;
      }
    }
  });
}

// 1/2 |w^L - w|^2 summed over the block.
double block_loss(NetworkPass<double>& pass, const std::vector<double>& theta, const NetworkCase& c,
                  const PromptBlock<double>& block, double* residual) {
  pass.forward(theta.data(), block, tame_factor(c), residual);
  double loss = 0;
  for (size_t i = 0; i < block.truth.size(); ++i) {
    residual[i] -= block.truth[i];
    loss += 0.5 * residual[i] * residual[i];
  }
  return loss;
}

// The loss changes along `direction`, of length one, as the gradient says: by central differences
// of two steps, whose error is O(step^4).
void expect_slope(NetworkPass<double>& pass, const Network& network, const NetworkCase& c,
                  const PromptBlock<double>& block, const std::vector<double>& gradient,
                  const std::vector<double>& direction, double tolerance) {
  AlignedArray<double> residual(block.truth.size());
  const auto slope = [&](double step) {
    std::vector<double> above = network.theta, below = network.theta;
    for (size_t i = 0; i < above.size(); ++i) {
      above[i] += step * direction[i];
      below[i] -= step * direction[i];
    }
    return (block_loss(pass, above, c, block, residual.data()) -
            block_loss(pass, below, c, block, residual.data())) /
           (2 * step);
  };
  double expected = 0;
  for (size_t i = 0; i < gradient.size(); ++i) expected += gradient[i] * direction[i];
  EXPECT_NEAR(expected, (4 * slope(5e-5) - slope(1e-4)) / 3, tolerance);
}

TEST(Pass, GradientEqualsCentralDifferences) {
#ifdef GRAMIAN_ASSERTIONS  // without optimisation, or under a sanitizer
  constexpr size_t kChecked = 8;
#else
  constexpr size_t kChecked = 40;
#endif
  for_each_case([](const NetworkCase& c, Layout layout) {
    const Network network = test::random_network(c, 6);
    const Prompts prompts(c);
    NetworkPass<double> pass(c.spec, layout);
    AlignedArray<double> residual(prompts.block.truth.size());
    AlignedArray<double> lanes(c.spec.parameters() * kLanes);
    block_loss(pass, network.theta, c, prompts.block, residual.data());
    pass.backward(residual.data(), lanes.data());

    std::vector<double> gradient(c.spec.parameters());
    double largest = 0;
    for (size_t i = 0; i < gradient.size(); ++i) {
      for (size_t p = 0; p < kLanes; ++p) gradient[i] += lanes[i * kLanes + p];
      largest = std::max(largest, std::abs(gradient[i]));
    }
    const double tolerance = 1e-6 * std::max(1.0, largest);
    std::vector<double> direction(gradient.size());
    // All parameters at once, each with a random sign: a wrong one of the size of the largest
    // shows, since 1 / sqrt(parameters) is above 1e-3.
    std::mt19937 random(8);
    for (double& x : direction)
      x = (random() & 1 ? 1 : -1) / std::sqrt(static_cast<double>(direction.size()));
    expect_slope(pass, network, c, prompts.block, gradient, direction, tolerance);
    // And of small networks some by themselves, as evenly spread as they come.
    if (c.spec.d > 10) return;
    const size_t stride = std::max<size_t>(1, gradient.size() / kChecked);
    for (size_t i = 0; i < gradient.size(); i += stride) {
      SCOPED_TRACE("parameter " + std::to_string(i));
      direction.assign(gradient.size(), 0);
      direction[i] = 1;
      expect_slope(pass, network, c, prompts.block, gradient, direction, tolerance);
    }
  });
}

// Rounding grows with the number of products in a row: L layers of inner products of
// length D, each of relative error up to D epsilon, on quantities of the size seen here.
TEST(Pass, FloatFollowsDouble) {
  for_each_case([](const NetworkCase& c, Layout layout) {
    const Network network = test::random_network(c, 7);
    const Prompts prompts(c);
    PromptBlock<float> single(c.spec.d);
    const auto round = [](const AlignedArray<double>& from, AlignedArray<float>& to) {
      for (size_t i = 0; i < from.size(); ++i) to[i] = static_cast<float>(from[i]);
    };
    round(prompts.block.gram, single.gram);
    round(prompts.block.truth, single.truth);
    round(prompts.block.query, single.query);
    const std::vector<float> theta(network.theta.begin(), network.theta.end());

    const double factor = tame_factor(c);
    NetworkPass<double> exact(c.spec, layout);
    NetworkPass<float> fast(c.spec, layout);
    AlignedArray<double> w(prompts.block.truth.size()), dtheta(theta.size() * kLanes);
    AlignedArray<float> wf(w.size()), dthetaf(dtheta.size());
    exact.forward(network.theta.data(), prompts.block, factor, w.data());
    fast.forward(theta.data(), single, factor, wf.data());
    exact.backward(prompts.block.truth.data(), dtheta.data());
    fast.backward(single.truth.data(), dthetaf.data());

    const double tolerance =
        4.0 * std::numeric_limits<float>::epsilon() * c.spec.layers * (c.spec.d + 1);
    const auto expect_close = [&](const AlignedArray<double>& want,
                                  const AlignedArray<float>& got) {
      double size = 1;
      for (double value : want) size = std::max(size, std::abs(value));
      for (size_t i = 0; i < want.size(); ++i) ASSERT_NEAR(want[i], got[i], tolerance * size) << i;
    };
    expect_close(w, wf);
    expect_close(dtheta, dthetaf);
  });
}

// All sums have one order: what has fused multiply-adds gives the same bits, in both layouts.
TEST(Pass, BitsDoNotDependOnTheWidthOfRegisters) {
  std::vector<std::string> fused;
  for (const std::string& target : simd_targets()) {
    if (target == "AVX3" || target == "AVX2") fused.push_back(target);
  }
  for (const NetworkCase& c : test::network_cases()) {
    const Network network = test::random_network(c, 12);
    const std::vector<float> theta(network.theta.begin(), network.theta.end());
    PromptBlock<float> block(c.spec.d);
    const RegressionTask task = task_for(c);
    PromptSampler<float>(task).sample({.seed = 13}, kLanes, block);
    for (Layout layout : {Layout::lanes, Layout::rows}) {
      std::vector<std::vector<float>> results;
      for (const std::string& target : fused) {
        with_simd_target(target, [&] {
          NetworkPass<float> pass(c.spec, layout);
          AlignedArray<float> w(block.truth.size()), dtheta(theta.size() * kLanes);
          pass.forward(theta.data(), block, tame_factor(c), w.data());
          pass.backward(block.truth.data(), dtheta.data());
          results.emplace_back(w.begin(), w.end());
          results.back().insert(results.back().end(), dtheta.begin(), dtheta.end());
        });
      }
      for (const auto& result : results) EXPECT_EQ(result, results[0]) << c.name();
    }
  }
}

TEST(Pass, AnEmptyPromptHasNoLossAndNoGradient) {
  const NetworkCase c{{.kind = Parametrisation::full, .d = 5, .layers = 4, .heads = 2}, 8};
  const RegressionTask task = task_for(c);
  const Network network = test::random_network(c, 8);
  PromptBlock<double> block(c.spec.d);
  PromptSampler<double>(task).sample({.seed = 3}, 5, block);
  NetworkPass<double> pass(c.spec);
  AlignedArray<double> residual(block.truth.size()), dtheta(c.spec.parameters() * kLanes);
  block_loss(pass, network.theta, c, block, residual.data());
  pass.backward(residual.data(), dtheta.data());
  for (size_t i = 0; i < residual.size(); ++i) {
    if (i % kLanes >= 5) {
      EXPECT_EQ(residual[i], 0.0);
    }
  }
  for (size_t i = 0; i < dtheta.size(); ++i) {
    if (i % kLanes >= 5) {
      EXPECT_EQ(dtheta[i], 0.0);
    }
  }
}

TEST(Pass, WeightsMayBeUnaligned) {
  const NetworkCase c{{.kind = Parametrisation::diag, .d = 3, .layers = 2}, 8};
  const Network network = test::random_network(c, 8);
  const Prompts prompts(c);
  std::vector<double> buffer(1 + 2 * prompts.block.truth.size()),
      expected(prompts.block.truth.size());
  NetworkPass<double> pass(c.spec);
  pass.forward(network.theta.data(), prompts.block, 1.0 / 8, expected.data());
  pass.forward(network.theta.data(), prompts.block, 1.0 / 8, buffer.data() + 1);
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), buffer.begin() + 1));
  pass.read_out(buffer.data() + 1);
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), buffer.begin() + 1 + 3 * kLanes));
  AlignedArray<double> dtheta(c.spec.parameters() * kLanes), other(dtheta.size());
  pass.backward(buffer.data() + 1, dtheta.data());
  std::copy(buffer.begin() + 1, buffer.begin() + 1 + 3 * kLanes, expected.begin());
  pass.backward(expected.data(), other.data());
  EXPECT_TRUE(std::equal(dtheta.begin(), dtheta.end(), other.begin()));
}

TEST(Pass, DiagAndGdppAreTheirExpandedFull) {
  for (Parametrisation kind : {Parametrisation::diag, Parametrisation::gdpp}) {
    const NetworkCase c{{.kind = kind, .d = 6, .layers = 5}, 13};
    const Network network = test::random_network(c, 9);
    NetworkCase dense = c;
    dense.spec.kind = Parametrisation::full;
    dense.spec.heads = kind == Parametrisation::diag ? 2 : 1;
    Network expanded{dense.spec, {}};
    const size_t size = c.spec.rows() * c.spec.rows();
    for (int l = 0; l < c.spec.layers; ++l) {
      const LayerWeights w = network.expanded(l);
      ASSERT_EQ(w.heads, dense.spec.heads);
      for (size_t h = 0; h < static_cast<size_t>(w.heads); ++h) {
        expanded.theta.insert(expanded.theta.end(), w.p.begin() + h * size,
                              w.p.begin() + (h + 1) * size);
        expanded.theta.insert(expanded.theta.end(), w.q.begin() + h * size,
                              w.q.begin() + (h + 1) * size);
      }
    }
    const Prompts prompts(c);
    AlignedArray<double> a(prompts.block.truth.size()), b(prompts.block.truth.size());
    NetworkPass<double>(c.spec).forward(network.theta.data(), prompts.block, 1.0 / c.n, a.data());
    NetworkPass<double>(dense.spec)
        .forward(expanded.theta.data(), prompts.block, 1.0 / c.n, b.data());
    for (size_t i = 0; i < a.size(); ++i)
      EXPECT_NEAR(a[i], b[i], 1e-12 * std::max(1.0, std::abs(a[i])));
  }
}

// k layers of GD++ without curvature are k explicit steps of gradient descent:
// w <- w + step (alpha - S w), Lemma 4.4 with u = 0.
TEST(Pass, HandBuiltWeightsAreGradientDescent) {
  const int d = 5, n = 12, steps = 6;
  const double step = 0.37;
  NetworkCase c{{.kind = Parametrisation::gdpp, .d = d, .layers = steps}, n};
  Network network{c.spec, {}};
  for (int l = 0; l < steps; ++l) network.theta.insert(network.theta.end(), {0.0, -step});
  const Prompts prompts(c);
  AlignedArray<double> w(prompts.block.truth.size());
  NetworkPass<double>(c.spec).forward(network.theta.data(), prompts.block, 1.0 / n, w.data());
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const auto gram = [&](int i, int j) {
      return prompts.block.gram[static_cast<size_t>(i * (d + 1) + j) * kLanes + lane] / n;
    };
    std::vector<double> explicit_w(d, 0.0);
    for (int k = 0; k < steps; ++k) {
      std::vector<double> next = explicit_w;
      for (int i = 0; i < d; ++i) {
        double gradient = gram(d, i);
        for (int j = 0; j < d; ++j) gradient -= gram(i, j) * explicit_w[static_cast<size_t>(j)];
        next[static_cast<size_t>(i)] += step * gradient;
      }
      explicit_w = next;
    }
    for (int i = 0; i < d; ++i) {
      EXPECT_NEAR(w[static_cast<size_t>(i) * kLanes + lane], explicit_w[static_cast<size_t>(i)],
                  1e-12);
    }
  }
}

TEST(Network, GdppAsADenseOrADiagonalNetworkIsTheSameFunction) {
  const NetworkSpec spec{.kind = Parametrisation::gdpp, .d = 5, .layers = 3};
  const Network gdpp = Network::initial(spec, {.noise = 0.05}, 9, 3);
  const Network full = gdpp.as_full();
  EXPECT_EQ(full.spec.kind, Parametrisation::full);
  ASSERT_EQ(full.theta.size(), full.spec.parameters());
  TaskSpec task;
  task.d = 5;
  task.n = 9;
  PromptBlock<double> block(5);
  PromptSampler<double>(RegressionTask::create(task).value()).sample({.seed = 1}, kLanes, block);
  AlignedArray<double> a(5 * kLanes), b(5 * kLanes);
  NetworkPass<double>(gdpp.spec).forward(gdpp.theta.data(), block, 1.0 / 9, a.data());
  for (const Network& same : {full, gdpp.as_diag()}) {
    NetworkPass<double>(same.spec).forward(same.theta.data(), block, 1.0 / 9, b.data());
    for (std::size_t i = 0; i < a.size(); ++i)
      EXPECT_NEAR(a[i], b[i], 1e-12) << name_of(same.spec.kind);
  }
}

}  // namespace
}  // namespace gramian
