// Transformers on tapes: against the network on Gram matrices, against algorithms written out, and
// what they refuse.
#include "gramian/models/transformer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/models/pass.h"
#include "gramian/models/reference.h"
#include "gramian/tape/tape_run.h"
#include "tests/support/cases.h"
#include "tests/support/errors.h"
#include "tests/support/targets.h"

namespace gramian {
namespace {

using test::is_error;

struct Prompts {
  PromptBlock<double> block;
  AlignedArray<double> tokens;  // [n, D, lanes]

  Prompts(int d, int n) : block(d) {
    TaskSpec spec;
    spec.d = d;
    spec.n = n;
    PromptSampler<double>(RegressionTask::create(spec).value())
        .sample_tokens({.seed = 11}, kLanes, block, tokens);
  }
  // The joined layout.
  void fill(double* to) const {
    std::copy(tokens.begin(), tokens.end(), to);
    std::copy(block.query.begin(), block.query.end(), to + tokens.size());
    std::fill_n(to + tokens.size() + block.query.size(), kLanes, 0.0);
  }
};

// theta of the transformer that is this network: K = I, Q^T = its Q, V = I, P^T = its P.
Transformer as_transformer(const Network& network, int n) {
  const int rows = network.spec.d + 1;
  Transformer transformer{{.tokens = n + 1,
                           .width = rows,
                           .layers = network.spec.layers,
                           .heads = network.spec.heads,
                           .tied = network.spec.tied,
                           .context_scale = network.spec.context_scale,
                           .query_in_keys = network.spec.query_in_keys},
                          {}};
  const auto size = static_cast<std::size_t>(rows);
  for (std::size_t l = 0; l < network.spec.stored_layers(); ++l) {
    const LayerWeights w = network.expanded(static_cast<int>(l));
    for (std::size_t h = 0; h < static_cast<std::size_t>(w.heads); ++h) {
      const auto transposed = [&](const std::vector<double>& m) {
        for (std::size_t i = 0; i < size * size; ++i) {
          transformer.theta.push_back(m[h * size * size + i % size * size + i / size]);
        }
      };
      const auto identity = [&] {
        for (std::size_t i = 0; i < size * size; ++i)
          transformer.theta.push_back(i / size == i % size ? 1 : 0);
      };
      transposed(w.q);
      identity();
      identity();
      transposed(w.p);
    }
  }
  return transformer;
}

TEST(Transformer, WithoutExtrasIsTheNetworkOnGramMatrices) {
  test::for_each_target([] {
    for (const test::NetworkCase& c : test::network_cases()) {
      if (c.spec.kind != Parametrisation::full || c.spec.d > 10) continue;
      SCOPED_TRACE(c.name());
      const Network network = test::random_network(c, 5);
      // The mean is over keys here: with the query among them over n + 1.
      const int keys = c.spec.query_in_keys ? c.n + 1 : c.n;
      const double factor = c.spec.context_scale == ContextScale::mean ? 1.0 / keys : 1.0;
      const Prompts prompts(c.spec.d, c.n);
      const Transformer transformer = as_transformer(network, c.n);
      const auto recorded = record(transformer.spec);
      ASSERT_TRUE(recorded);
      ASSERT_EQ(recorded->tape.parameters(), transformer.theta.size());
      TapeRun<double> run(recorded->tape);
      prompts.fill(run.values(recorded->tokens));
      run.forward(transformer.theta.data());
      const double* prediction =
          run.values(recorded->tape.value(static_cast<std::size_t>(recorded->tape.output())));

      const auto d = static_cast<std::size_t>(c.spec.d);
      AlignedArray<double> weights(d * kLanes);
      NetworkPass<double>(c.spec).forward(network.theta.data(), prompts.block, factor,
                                          weights.data());
      for (std::size_t p = 0; p < kLanes; ++p) {
        double expected = 0, size = 1;
        for (std::size_t i = 0; i < d; ++i) {
          const double term = weights[i * kLanes + p] * prompts.block.query[i * kLanes + p];
          expected += term;
          size = std::max(size, std::abs(term));
        }
        ASSERT_NEAR(prediction[p], expected, 1e-12 * size) << "prompt " << p;
      }
    }
  });
}

// The same by the token reference, which knows nothing of Gram matrices.
TEST(Transformer, StatesAreThoseOfTheTokenReference) {
  const test::NetworkCase c{{.kind = Parametrisation::full, .d = 3, .layers = 3, .heads = 2}, 6};
  const Network network = test::random_network(c, 5);
  const Prompts prompts(3, 6);
  const Transformer transformer = as_transformer(network, 6);
  for (int layers = 0; layers <= 3; ++layers) {
    const auto recorded = record_states(transformer.spec, layers);
    ASSERT_TRUE(recorded);
    TapeRun<double> run(recorded->tape);
    prompts.fill(run.values(recorded->tokens));
    run.forward(transformer.theta.data());
    std::vector<double> tokens;
    for (std::size_t i = 0; i < 7 * 4; ++i)
      tokens.push_back(run.values(recorded->tokens)[i * kLanes + 9]);
    const auto expected = token_forward(network, tokens)[static_cast<std::size_t>(layers)];
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(run.values(recorded->states.back())[i * kLanes + 9], expected[i], 1e-12);
    }
  }
}

// Proposition 2: fixed attention is a step of gradient descent on what embedding and MLP make of
// the tokens.
TEST(Transformer, FixedAttentionIsGradientDescentOnDeepFeatures) {
  const TransformerSpec spec{.tokens = 6,
                             .width = 2,
                             .embedding = 4,
                             .hidden = 7,
                             .attention = Attention::gradient_descent};
  auto transformer = Transformer::initial(spec, 0.1, 3);
  ASSERT_TRUE(transformer);
  transformer->theta.back() = 0.6;  // the step
  const auto recorded = record(spec);
  TapeRun<double> run(recorded->tape);
  const Prompts prompts(1, 5);
  prompts.fill(run.values(recorded->tokens));
  run.forward(transformer->theta.data());
  // What enters the attention, from a network that has the same MLP and ends before it: found by
  // its sum with nothing.
  const auto after = record_states(spec, 1);
  TapeRun<double> all(after->tape);
  prompts.fill(all.values(after->tokens));
  all.forward(transformer->theta.data());
  const double* features = all.values(after->states.back());  // of keys x is unchanged, y is not
  transformer->theta.back() = 0;
  TapeRun<double> before(after->tape);
  prompts.fill(before.values(after->tokens));
  before.forward(transformer->theta.data());
  const double* e = before.values(after->states.back());
  for (std::size_t p = 0; p < kLanes; ++p) {
    const auto at = [&](const double* m, std::size_t t, std::size_t i) {
      return m[(t * 4 + i) * kLanes + p];
    };
    for (std::size_t t = 0; t < 6; ++t) {
      double dw_x = 0;
      for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(at(features, t, i), at(e, t, i));
        for (std::size_t j = 0; j < 5; ++j)
          dw_x += 0.6 / 5 * at(e, j, 3) * at(e, j, i) * at(e, t, i);
      }
      EXPECT_NEAR(at(features, t, 3), at(e, t, 3) - dw_x, 1e-12);
    }
    const double* prediction =
        run.values(recorded->tape.value(static_cast<std::size_t>(recorded->tape.output())));
    EXPECT_NEAR(prediction[p], -at(features, 5, 3), 1e-12);
    EXPECT_NEAR(run.values(recorded->before_attention)[p], -at(e, 5, 3), 1e-12);
  }
}

TEST(Transformer, BeginsAtRandomByItsSeed) {
  const TransformerSpec spec{
      .tokens = 5, .width = 3, .embedding = 8, .hidden = 16, .layers = 2, .heads = 2};
  const auto a = Transformer::initial(spec, 0.05, 1), b = Transformer::initial(spec, 0.05, 1);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->theta, b->theta);
  EXPECT_NE(a->theta, Transformer::initial(spec, 0.05, 2)->theta);
  // 2 layers of an MLP 8 -> 16 -> 8 and 2 heads of four 8 x 8 matrices
  EXPECT_EQ(a->theta.size(), 3u * 8 + 2 * (2 * 8 * 16 + 16 + 8 + 2 * 4 * 64));
  double squares = 0;
  for (std::size_t i = a->theta.size() - 512; i < a->theta.size(); ++i)
    squares += a->theta[i] * a->theta[i];
  EXPECT_NEAR(std::sqrt(squares / 512), 0.05 / std::sqrt(8),
              0.1 * 0.05 / std::sqrt(8));  // 3 standard errors
}

TEST(Transformer, RefusesWhatMeansNothing) {
  const auto refused = [](TransformerSpec spec, std::initializer_list<std::string_view> parts) {
    return is_error(record(spec), ErrorKind::config, parts);
  };
  EXPECT_TRUE(refused({.tokens = 1}, {"tokens", "[2, 4096]", "got 1"}));
  EXPECT_TRUE(refused({.hidden = -1}, {"[model.hidden]", "got -1"}));
  EXPECT_TRUE(
      refused({.layers = 2, .softmax_layers = 3}, {"[model.softmax_layers]", "[0, 2]", "got 3"}));
  EXPECT_TRUE(refused({.clip = -1}, {"[model.clip]"}));
  EXPECT_TRUE(refused({.heads = 2, .attention = Attention::gradient_descent},
                      {"[model.attention]", "one head"}));
  EXPECT_TRUE(is_error(record_states({.layers = 2}, 3), ErrorKind::config, {"3 layers", "of 2"}));
}

}  // namespace
}  // namespace gramian
