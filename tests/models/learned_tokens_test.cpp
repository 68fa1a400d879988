// Learned vectors among the tokens of a trained transformer.
#include "gramian/models/transformer/learned_tokens.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "gramian/lanes/view.h"
#include "gramian/tape/tape_run.h"

namespace gramian {
namespace {

TransformerSpec raw_spec() {
  return {.stem = {.tokens = 6,
                   .width = 3,
                   .positions = {.kind = PositionKind::one_hot, .width = 6},
                   .embedding = 8},
          .blocks = {{.mixer = {.kind = MixerKind::softmax,
                                .mask = Mask::causal,
                                .heads = 2,
                                .key_size = 4,
                                .scale = Scale::one}}},
          .readout = {
              .rows = ReadoutRows::every, .map = ReadoutMap::matrix, .outputs = 3, .factor = 1}};
}

// Of one prompt, whose token t holds t + 1 and more, without the tokens that `separators` names.
std::vector<double> outputs_of(const Transformer& network, const std::vector<int>& separators) {
  TapeRun<double> run(network.recorded().tape);
  const auto tokens = static_cast<std::size_t>(network.spec().stem.tokens);
  const auto width = static_cast<std::size_t>(network.spec().stem.width);
  const LaneView<double> e(run.values(network.recorded().tokens), tokens, width);
  for (std::size_t t = 0; t < tokens; ++t) {
    const bool separator = std::ranges::find(separators, static_cast<int>(t)) != separators.end();
    for (std::size_t i = 0; i < 3; ++i)
      e.at(t, i, 0) = separator ? 0 : std::sin(static_cast<double>(3 * t + i));
    if (width > 3) e.at(t, 3, 0) = separator ? 1 : 0;
  }
  run.forward(network.theta.data());
  const auto& node = network.recorded().tape.node(network.recorded().output);
  std::vector<double> outputs(node.size());
  LaneView<const double>(run.values(network.recorded().output), node.size())
      .copy_out(0, outputs.data());
  return outputs;
}

TEST(LearnedTokens, ASeparatorChangesNothingWhereThereIsNone) {
  const Transformer trained = Transformer::initial(raw_spec(), 0.5, 3).value();
  const auto more = with_learned_tokens(trained, {.separator = true}, 7).value();
  EXPECT_EQ(more.network.spec().stem.width, 4);
  EXPECT_EQ(std::ranges::count(more.learned, true), 8);
  EXPECT_EQ(outputs_of(more.network, {}), outputs_of(trained, {}));
}

// A separator is its vector and its position: a token of zeros, of which only the vector is
// missing.
TEST(LearnedTokens, ASeparatorIsItsVector) {
  const Transformer trained = Transformer::initial(raw_spec(), 0.5, 3).value();
  auto more = with_learned_tokens(trained, {.separator = true}, 7).value();
  const auto with = outputs_of(more.network, {2});
  const auto without = outputs_of(trained, {2});
  EXPECT_NE(with, without);
  EXPECT_TRUE(std::equal(with.begin(), with.begin() + 2 * 3, without.begin()));  // causal
  for (std::size_t i = 0; i < more.learned.size(); ++i) {
    if (more.learned[i]) more.network.theta[i] = 0;
  }
  EXPECT_EQ(outputs_of(more.network, {2}), without);
}

TEST(LearnedTokens, APrefixStandsInFront) {
  const Transformer trained = Transformer::initial(raw_spec(), 0.5, 3).value();
  const auto more = with_learned_tokens(trained, {.prefix = 5}, 7).value();
  EXPECT_EQ(std::ranges::count(more.learned, true), 5 * 8);
  const auto with = outputs_of(more.network, {});
  ASSERT_EQ(with.size(), (5u + 6) * 3);
  const auto without = outputs_of(trained, {});
  EXPECT_FALSE(std::equal(without.begin(), without.end(), with.begin() + 15));
  // The other weights are those of the trained network, in their order.
  std::vector<double> kept;
  for (std::size_t i = 0; i < more.learned.size(); ++i) {
    if (!more.learned[i]) kept.push_back(more.network.theta[i]);
  }
  EXPECT_EQ(kept, trained.theta);
}

TEST(LearnedTokens, BeginAsStandardNormals) {
  const Transformer trained = Transformer::initial(raw_spec(), 0.5, 3).value();
  const auto more = with_learned_tokens(trained, {.separator = true, .prefix = 50}, 7).value();
  double sum = 0, squares = 0;
  int count = 0;
  for (std::size_t i = 0; i < more.learned.size(); ++i) {
    if (!more.learned[i]) continue;
    sum += more.network.theta[i];
    squares += more.network.theta[i] * more.network.theta[i];
    ++count;
  }
  ASSERT_EQ(count, 51 * 8);
  EXPECT_NEAR(sum / count, 0, 4 / std::sqrt(count));
  EXPECT_NEAR(squares / count, 1, 4 * std::sqrt(2.0 / count));
  const auto again = with_learned_tokens(trained, {.separator = true, .prefix = 50}, 7).value();
  EXPECT_EQ(again.network.theta, more.network.theta);
  const auto other = with_learned_tokens(trained, {.separator = true, .prefix = 50}, 8).value();
  EXPECT_NE(other.network.theta, more.network.theta);
}

TEST(LearnedTokens, RefuseWhatHasNoPlaceForThem) {
  TransformerSpec bare = raw_spec();
  bare.stem.embedding = 0;
  const auto without =
      with_learned_tokens(Transformer::create(bare).value(), {.separator = true}, 1);
  ASSERT_FALSE(without.has_value());
  EXPECT_NE(without.error().message.find("embedding"), std::string::npos);
  TransformerSpec twice = raw_spec();
  twice.stem.prefix = 2;
  EXPECT_FALSE(with_learned_tokens(Transformer::create(twice).value(), {.prefix = 1}, 1));
}

}  // namespace
}  // namespace gramian
