// Transformers on tapes: against the network on Gram matrices, against algorithms written out, and
// what they refuse.
#include "gramian/models/transformer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gramian/models/pass.h"
#include "gramian/models/reference.h"
#include "gramian/models/transformer/flat.h"
#include "gramian/tape/tape_run.h"
#include "tests/support/cases.h"
#include "tests/support/errors.h"
#include "tests/support/targets.h"

namespace gramian {
namespace {

using test::is_error;

struct TokenPrompts {
  PromptBlock<double> block;
  AlignedArray<double> tokens;  // [n, D, lanes]

  TokenPrompts(int d, int n) : block(d) {
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

// The transformer that is this network: K = I, Q^T = its Q, V = I, P^T = its P.
Transformer as_transformer(const Network& network, int n) {
  const NetworkSpec& spec = network.spec;
  const auto description = describe({.tokens = n + 1,
                                     .width = spec.d + 1,
                                     .layers = spec.layers,
                                     .heads = spec.heads,
                                     .tied = spec.tied,
                                     .context_scale = spec.context_scale,
                                     .query_in_keys = spec.query_in_keys});
  auto transformer = Transformer::create(description.value()).value();
  const std::size_t size = spec.rows();
  for (std::size_t l = 0; l < spec.stored_layers(); ++l) {
    const LayerWeights w = network.expanded(static_cast<int>(l));
    for (std::size_t h = 0; h < static_cast<std::size_t>(w.heads); ++h) {
      const auto part = [&](const char* name) {
        return transformer.weights(fmt::format("layers.{}.heads.{}.{}", l, h, name));
      };
      const auto transposed = [&](std::span<double> to, const std::vector<double>& m) {
        for (std::size_t i = 0; i < size * size; ++i)
          to[i] = m[h * size * size + i % size * size + i / size];
      };
      transposed(part("Q"), w.q);
      transposed(part("P"), w.p);
      for (std::size_t i = 0; i < size; ++i) part("K")[i * size + i] = part("V")[i * size + i] = 1;
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
      const TokenPrompts prompts(c.spec.d, c.n);
      const Transformer transformer = as_transformer(network, c.n);
      TapeRun<double> run(transformer.recorded().tape);
      prompts.fill(run.values(transformer.recorded().tokens));
      run.forward(transformer.theta.data());
      const double* prediction = run.values(transformer.recorded().output);

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
  const TokenPrompts prompts(3, 6);
  const Transformer transformer = as_transformer(network, 6);
  for (int layers = 0; layers <= 3; ++layers) {
    const auto recorded = record_states(transformer.spec(), layers);
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
  const TransformerSpec spec{.stem = {.tokens = 6, .width = 2, .embedding = 4},
                             .blocks = {{.mixer = {.kind = MixerKind::gradient_step},
                                         .mlp = {.kind = MlpKind::gelu, .hidden = 7}}}};
  auto transformer = Transformer::initial(spec, 0.1, 3);
  ASSERT_TRUE(transformer);
  transformer->weights("layers.0.step")[0] = 0.6;
  const RecordedTransformer& recorded = transformer->recorded();
  TapeRun<double> run(recorded.tape);
  const TokenPrompts prompts(1, 5);
  prompts.fill(run.values(recorded.tokens));
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
    EXPECT_NEAR(run.values(recorded.output)[p], -at(features, 5, 3), 1e-12);
    const double* entering = run.values(recorded.value("blocks.0.mixer.in").value());
    EXPECT_NEAR(entering[3 * kLanes + p], at(e, 5, 3), 1e-12);  // of the query alone
  }
}

TEST(Transformer, BeginsAtRandomByItsSeed) {
  const auto spec =
      describe({.tokens = 5, .width = 3, .embedding = 8, .hidden = 16, .layers = 2, .heads = 2})
          .value();
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

TEST(Transformer, QueriesKeysAndValuesMayBeginNearTheIdentity) {
  const TransformerSpec spec{.stem = {.tokens = 5, .width = 3},
                             .blocks = {{.mixer = {.key_size = 4, .value_size = 2}}}};
  auto plain = Transformer::initial(spec, 0.05, 1).value();
  auto near = Transformer::initial(spec, {.noise = 0.05, .query_key = 2, .value = -1}, 1).value();
  for (const Parameter& parameter : plain.recorded().parameters) {
    const double more = parameter.name.ends_with(".P")   ? 0
                        : parameter.name.ends_with(".V") ? -1
                                                         : 2;
    const auto a = plain.weights(parameter.name), b = near.weights(parameter.name);
    for (int i = 0; i < parameter.rows * parameter.columns; ++i) {
      const bool diagonal = i / parameter.columns == i % parameter.columns;
      const auto k = static_cast<std::size_t>(i);
      EXPECT_EQ(b[k], a[k] + (diagonal ? more : 0)) << parameter.name << " " << i;
    }
  }
}

TEST(Transformer, FlatNumbersCanEndInNeuronsWithFixedSigns) {
  const auto spec = describe({.tokens = 5, .width = 3, .softmax_layers = 1, .neurons = 4}).value();
  EXPECT_EQ(spec.blocks[0].mixer.width, 4);
  EXPECT_EQ(spec.blocks[0].mixer_skip.kind, SkipKind::none);
  EXPECT_EQ(spec.blocks[0].mlp, (Mlp{.kind = MlpKind::relu, .place = MlpPlace::after}));
  EXPECT_EQ(spec.readout.rows, ReadoutRows::mean);
  EXPECT_EQ(spec.readout.map, ReadoutMap::signs);
  EXPECT_TRUE(spec.check());
  EXPECT_FALSE(describe({.tokens = 5, .width = 3, .hidden = 2, .neurons = 4}));
  EXPECT_FALSE(describe({.tokens = 5, .width = 3, .layers = 2, .tied = true, .neurons = 4}));
}

TEST(Transformer, IsMadeOfADescriptionAndItsWeights) {
  const TransformerSpec spec{.stem = {.tokens = 5, .width = 3}};
  const auto zero = Transformer::create(spec);
  ASSERT_TRUE(zero);
  EXPECT_EQ(zero->theta, std::vector<double>(4 * 9));
  EXPECT_EQ(Transformer::create(spec, std::vector<double>(36, 2.0))->theta[35], 2);
  EXPECT_TRUE(
      is_error(Transformer::create(spec, {1, 2}), ErrorKind::config, {"36 weights", "got 2"}));
  EXPECT_TRUE(is_error(Transformer::create({.blocks = {}}), ErrorKind::config, {"blocks.size"}));
  const Transformer copy = *zero;
  EXPECT_EQ(&copy.recorded(), &zero->recorded());  // recorded once
  EXPECT_TRUE(is_error(zero->recorded().value("blocks.1"), ErrorKind::config,
                       {"no value 'blocks.1'", "blocks.0.mixer.in", "output"}));
}

}  // namespace
}  // namespace gramian
