// Patterns with a majority label: what tokens show, shares of classes, noise, and what is refused.
#include "gramian/tasks/pattern_pairs.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "gramian/lanes/view.h"
#include "gramian/tasks/blocks.h"
#include "gramian/tasks/token_task.h"
#include "tests/support/errors.h"

namespace gramian {
namespace {

constexpr int kPatternBlocks = 100;

// Calls f(tokens [n, d], label, truth) for each prompt.
template <class F>
void for_prompts(const PatternSpec& spec, F f) {
  const auto task = TokenTask::create(pattern_pairs(spec).value(), TokenLayout::inputs).value();
  EXPECT_EQ(task.tokens(), spec.n);
  EXPECT_EQ(task.width(), spec.d);
  TokenSampler<double> sampler(task);
  TokenBlock<double> block;
  const std::size_t n = static_cast<std::size_t>(spec.n), d = static_cast<std::size_t>(spec.d);
  std::vector<double> tokens(n * d);
  for (std::uint64_t b = 0; b < kPatternBlocks; ++b) {
    sampler.sample(address_of(1, kEvaluationStream, b * kLanes), kLanes, block);
    for (std::size_t p = 0; p < kLanes; ++p) {
      LaneView<const double>(block.tokens.data(), n, d).copy_out(p, tokens.data());
      f(tokens, block.target[p], static_cast<std::size_t>(block.truth[p]));
    }
  }
}

// Which pattern a token without noise shows; d if it is not a unit vector.
std::size_t shown(const std::vector<double>& tokens, std::size_t j, std::size_t d) {
  std::size_t pattern = d;
  for (std::size_t i = 0; i < d; ++i) {
    if (tokens[j * d + i] == 0) continue;
    if (tokens[j * d + i] != 1 || pattern != d) return d;
    pattern = i;
  }
  return pattern;
}

TEST(PatternPairs, TheMajorityOfRelevantTokensIsOfTheClassOfTheLabel) {
  const PatternSpec spec{.d = 7, .n = 20, .patterns = 6, .relevant = 4, .noise = 0};
  ASSERT_EQ(spec.relevant_tokens(), 6);
  ASSERT_EQ(spec.confusing_tokens(), 2);
  std::array<int, 7> first{}, others{};
  for_prompts(spec, [&](const std::vector<double>& tokens, double label, std::size_t truth) {
    const std::size_t own = label > 0 ? 0 : 1;
    ASSERT_EQ(std::abs(label), 1);
    ASSERT_EQ(shown(tokens, 0, 7), truth);
    ASSERT_LT(truth, 4u);
    ASSERT_EQ(truth % 2, own);
    for (std::size_t j = 0; j < 20; ++j) {
      const std::size_t pattern = shown(tokens, j, 7);
      if (j < 6) {
        ASSERT_EQ(pattern, truth);  // one pattern of its class in a prompt
      } else if (j < 8) {
        ASSERT_LT(pattern, 4u);
        ASSERT_EQ(pattern % 2, 1 - own);
      } else {
        ASSERT_TRUE(pattern == 4 || pattern == 5) << pattern;
        ++others[pattern];
      }
    }
    ++first[truth];
  });
  const double prompts = kPatternBlocks * kLanes;
  for (std::size_t k = 0; k < 4; ++k)  // five standard errors
    EXPECT_NEAR(first[k] / prompts, 0.25, 5 * std::sqrt(0.25 * 0.75 / prompts)) << k;
  EXPECT_NEAR(others[4] / (12 * prompts), 0.5, 5 * 0.5 / std::sqrt(12 * prompts));
}

TEST(PatternPairs, MixedTokensOfAPromptShowAllPatternsOfItsClass) {
  PatternSpec spec{.d = 7, .n = 20, .patterns = 6, .relevant = 4, .mixed = true, .noise = 0};
  int other = 0;
  for_prompts(spec, [&](const std::vector<double>& tokens, double label, std::size_t truth) {
    for (std::size_t j = 1; j < 6; ++j) {
      const std::size_t pattern = shown(tokens, j, 7);
      ASSERT_EQ(pattern % 2, label > 0 ? 0u : 1u);
      other += pattern != truth;
    }
  });
  const double draws = 5.0 * kPatternBlocks * kLanes;
  EXPECT_NEAR(other / draws, 0.5, 5 * 0.5 / std::sqrt(draws));
}

TEST(PatternPairs, NoiseAndSharesAreWhatIsAskedFor) {
  const PatternSpec spec{.d = 5, .n = 10, .patterns = 4, .noise = 0.3, .positive_share = 0.2};
  double positive = 0, sum = 0, squares = 0, fourth = 0;
  for_prompts(spec, [&](const std::vector<double>& tokens, double label, std::size_t) {
    positive += label > 0;
    for (std::size_t j = 0; j < 10; ++j) {
      const double z = tokens[j * 5 + 4] / (0.3 / std::sqrt(5));  // shown by no token
      sum += z;
      squares += z * z;
      fourth += z * z * z * z;
    }
  });
  const double prompts = kPatternBlocks * kLanes, draws = 10 * prompts;
  EXPECT_NEAR(positive / prompts, 0.2, 5 * 0.4 / std::sqrt(prompts));
  EXPECT_NEAR(sum / draws, 0, 5 / std::sqrt(draws));
  EXPECT_NEAR(squares / draws, 1, 5 * std::sqrt(2 / draws));
  EXPECT_NEAR(fourth / draws, 3, 5 * std::sqrt(96 / draws));
}

TEST(PatternPairs, RefuseWhatCannotBe) {
  const auto refused = [](const PatternSpec& spec, std::string_view key) {
    return test::is_error(pattern_pairs(spec), ErrorKind::config, {key});
  };
  EXPECT_TRUE(refused({.n = 1}, "[task.n]"));
  EXPECT_TRUE(refused({.patterns = 21}, "[task.patterns]"));
  EXPECT_TRUE(refused({.relevant = 3}, "[task.relevant]"));
  EXPECT_TRUE(refused({.relevant = 12}, "[task.relevant]"));
  EXPECT_TRUE(refused({.relevant = 10}, "[task.patterns]"));
  EXPECT_TRUE(refused({.relevant_share = 0.1}, "[task.relevant_share]"));
  EXPECT_TRUE(refused({.relevant_share = 0.95}, "[task.relevant_share]"));
  EXPECT_TRUE(refused({.noise = NAN}, "[task.token_noise]"));
  // Labels of inputs have a layout of their own.
  const auto patterns = pattern_pairs({}).value();
  EXPECT_TRUE(test::is_error(TokenTask::create(patterns, TokenLayout::joined), ErrorKind::config,
                             {"[task.layout]", "inputs", "patterns"}));
}

}  // namespace
}  // namespace gramian
