// Every part of a description against plain loops over tokens, and its gradient against central
// differences of these.
#include <gtest/gtest.h>

#include <cmath>

#include "gramian/models/initial.h"
#include "gramian/models/transformer.h"
#include "gramian/models/transformer/reference.h"
#include "gramian/tape/tape_run.h"
#include "tests/support/transformers.h"

namespace gramian {
namespace {

// Tokens of prompt p, [tokens, width].
std::vector<double> tokens_of(const TransformerSpec& spec, std::size_t p) {
  std::vector<double> tokens(static_cast<std::size_t>(spec.stem.tokens * spec.stem.width));
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    tokens[i] =
        spec.stem.vocabulary > 0
            ? static_cast<double>((i * 5 + p) % static_cast<std::size_t>(spec.stem.vocabulary))
            : initial_normal(9 + p, i);
  }
  return tokens;
}

// All weights random, also those that begin as zeros or ones.
Transformer random_transformer(const TransformerSpec& spec) {
  auto transformer = Transformer::create(spec).value();
  for (std::size_t i = 0; i < transformer.theta.size(); ++i)
    transformer.theta[i] = 0.4 * initial_normal(3, i);
  return transformer;
}

void fill(TapeRun<double>& run, const RecordedTransformer& recorded) {
  for (std::size_t p = 0; p < kLanes; ++p) {
    const auto tokens = tokens_of(recorded.spec, p);
    for (std::size_t i = 0; i < tokens.size(); ++i)
      run.values(recorded.tokens)[i * kLanes + p] = tokens[i];
  }
}

void expect_near(const double* lanes, std::size_t prompt, const std::vector<double>& expected,
                 const char* what) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(lanes[i * kLanes + prompt], expected[i], 1e-12 * std::max(1.0, expected[i]))
        << what << ", number " << i;
  }
}

TEST(TransformerParts, AgreeWithPlainLoopsOverTokens) {
  for (const test::TransformerCase& c : test::transformer_cases()) {
    SCOPED_TRACE(c.name);
    ASSERT_TRUE(c.spec.check()) << c.spec.check().error().message;
    const Transformer transformer = random_transformer(c.spec);
    const RecordedTransformer& recorded = transformer.recorded();
    TapeRun<double> run(recorded.tape);
    fill(run, recorded);
    run.forward(transformer.theta.data());
    for (const std::size_t p : {std::size_t{0}, std::size_t{7}}) {
      const auto expected = token_forward(c.spec, transformer.theta, tokens_of(c.spec, p));
      ASSERT_EQ(recorded.tape.node(recorded.output).size(), expected.output.size());
      expect_near(run.values(recorded.output), p, expected.output, "output");
      for (std::size_t l = 0; l < expected.states.size(); ++l) {
        const auto size = recorded.tape.node(recorded.states[l]).size();  // perhaps of the query
        const auto& all = expected.states[l];
        const std::vector<double> last(all.end() - static_cast<std::ptrdiff_t>(size), all.end());
        expect_near(run.values(recorded.states[l]), p, last, "state");
      }
    }
  }
}

// What record_states gives after each block is all tokens, with the same theta.
TEST(TransformerParts, StatesOfAllTokensCanBeTheOutput) {
  for (const test::TransformerCase& c : test::transformer_cases()) {
    SCOPED_TRACE(c.name);
    const Transformer transformer = random_transformer(c.spec);
    for (std::size_t l = 0; l <= c.spec.blocks.size(); ++l) {
      const auto recorded = record_states(c.spec, static_cast<int>(l));
      ASSERT_TRUE(recorded);
      ASSERT_EQ(recorded->tape.parameters(), transformer.theta.size());
      TapeRun<double> run(recorded->tape);
      fill(run, *recorded);
      run.forward(transformer.theta.data());
      const auto expected = token_forward(c.spec, transformer.theta, tokens_of(c.spec, 2));
      ASSERT_EQ(recorded->tape.node(recorded->output).size(), expected.states[l].size());
      expect_near(run.values(recorded->output), 2, expected.states[l], "state");
    }
  }
}

TEST(TransformerParts, GradientsAreThoseOfCentralDifferences) {
  for (const test::TransformerCase& c : test::transformer_cases()) {
    SCOPED_TRACE(c.name);
    Transformer transformer = random_transformer(c.spec);
    const RecordedTransformer& recorded = transformer.recorded();
    TapeRun<double> run(recorded.tape);
    fill(run, recorded);
    run.forward(transformer.theta.data());
    const std::size_t outputs = recorded.tape.node(recorded.output).size();
    AlignedArray<double> seed(outputs * kLanes), gradient(transformer.theta.size() * kLanes);
    gradient.zero();
    for (std::size_t k = 0; k < outputs; ++k)
      std::fill_n(seed.data() + k * kLanes, kLanes, initial_normal(5, k));
    run.backward(seed.data(), gradient.data());
    constexpr std::size_t kPrompt = 4;
    const auto tokens = tokens_of(c.spec, kPrompt);
    const auto value = [&] {
      const auto output = token_forward(c.spec, transformer.theta, tokens).output;
      double sum = 0;
      for (std::size_t k = 0; k < outputs; ++k) sum += seed[k * kLanes] * output[k];
      return sum;
    };
    for (std::size_t i = 0; i < transformer.theta.size(); ++i) {
      const double weight = transformer.theta[i], h = 1e-5;
      transformer.theta[i] = weight + h;
      const double up = value();
      transformer.theta[i] = weight - h;
      const double slope = (up - value()) / (2 * h);
      transformer.theta[i] = weight;
      ASSERT_NEAR(gradient[i * kLanes + kPrompt], slope, 1e-6 * std::max(1.0, std::abs(slope)))
          << "weight " << i;
    }
  }
}

// Values by name, in a looped network of two parts.
TEST(TransformerParts, ValuesAreReadByTheirNames) {
  const Block block{.mixer = {.mask = Mask::all}, .mlp = test::kMlp};
  const TransformerSpec spec{.stem = {.tokens = 6, .width = 3}, .blocks = {block, block}};
  const Transformer transformer = random_transformer(spec);
  const RecordedTransformer& recorded = transformer.recorded();
  TapeRun<double> run(recorded.tape);
  fill(run, recorded);
  run.forward(transformer.theta.data());
  const auto read = [&](const char* name) { return run.values(recorded.value(name).value()); };
  const auto rows = [&](const char* name) {
    return recorded.tape.node(recorded.value(name).value()).rows;
  };
  EXPECT_EQ(rows("blocks.0.mixer.in"), 6);
  EXPECT_EQ(rows("blocks.1.mixer.in"), 1);  // the query alone
  EXPECT_EQ(rows("blocks.1.mlp.out"), 6);
  for (std::size_t i = 0; i < 6 * 3 * kLanes; ++i) {
    EXPECT_EQ(read("stem")[i] + read("blocks.0.mlp.out")[i], read("blocks.0.mixer.in")[i]);
    EXPECT_EQ(read("blocks.0.mixer.in")[i] + read("blocks.0.mixer.out")[i], read("blocks.0")[i]);
  }
  EXPECT_EQ(read("output")[0], -read("blocks.1")[2 * kLanes]);
}

}  // namespace
}  // namespace gramian
