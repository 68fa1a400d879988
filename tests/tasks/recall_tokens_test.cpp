// Recall: the answers follow from what stands before the question, by rules written here once more.
#include "gramian/tasks/recall_tokens.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "gramian/lanes/view.h"
#include "gramian/tasks/token_task.h"
#include "tests/support/errors.h"

namespace gramian {
namespace {

struct Prompt {
  std::vector<int> seen, answer;
  std::vector<bool> asks;
  int questions() const { return static_cast<int>(std::ranges::count(asks, true)); }
};

std::vector<Prompt> prompts_of(const RecallSpec& spec, int blocks) {
  const TokenTask task(recall_tokens(spec).value());
  TokenSampler<float> sampler(task);
  TokenBlock<float> block;
  std::vector<Prompt> prompts;
  for (int b = 0; b < blocks; ++b) {
    sampler.sample({.seed = 5, .first = static_cast<std::uint32_t>(b * kLanes)}, kLanes, block);
    for (std::size_t p = 0; p < kLanes; ++p) {
      Prompt& prompt = prompts.emplace_back();
      for (std::size_t t = 0; t < static_cast<std::size_t>(spec.tokens); ++t) {
        prompt.seen.push_back(static_cast<int>(block.tokens[t * kLanes + p]));
        prompt.answer.push_back(static_cast<int>(block.target[t * kLanes + p]));
        prompt.asks.push_back(block.weights[t * kLanes + p] > 0);
      }
    }
  }
  return prompts;
}

TEST(Recall, OfAssociationsEachKeyAsksOnceForItsValue) {
  const RecallSpec spec{.tokens = 40, .vocabulary = 32, .items = 6};
  for (const Prompt& prompt : prompts_of(spec, 8)) {
    std::map<int, int> value;
    for (int i = 0; i < spec.items; ++i) {
      const auto t = static_cast<std::size_t>(2 * i);
      EXPECT_LT(prompt.seen[t], 16);
      EXPECT_GE(prompt.seen[t + 1], 16);
      EXPECT_TRUE(value.emplace(prompt.seen[t], prompt.seen[t + 1]).second) << "a key twice";
      EXPECT_FALSE(prompt.asks[t] || prompt.asks[t + 1]);
    }
    EXPECT_EQ(prompt.questions(), spec.items);
    for (std::size_t t = 12; t < 40; ++t) {
      EXPECT_EQ(prompt.asks[t], prompt.seen[t] < 16);
      if (!prompt.asks[t]) continue;
      EXPECT_EQ(prompt.answer[t], value.at(prompt.seen[t]));
      value.erase(prompt.seen[t]);
    }
    EXPECT_TRUE(value.empty());
  }
}

TEST(Recall, QuestionsStandAnywhereAndValuesAreUniform) {
  const RecallSpec spec{.tokens = 20, .vocabulary = 8, .items = 2};
  std::map<int, int> at, value;
  const auto prompts = prompts_of(spec, 100);  // 1,600 prompts, 3,200 questions
  for (const Prompt& prompt : prompts) {
    for (int t = 4; t < 20; ++t) at[t] += prompt.asks[static_cast<std::size_t>(t)];
    for (const std::size_t t : {1u, 3u}) ++value[prompt.seen[t]];
  }
  // Chi-square of 15 and 3 degrees of freedom: above 44.3 and 24 with probability 1e-4 and 2.5e-5.
  const auto chi_square = [](const std::map<int, int>& counts, double expected) {
    double sum = 0;
    for (const auto& [key, count] : counts) sum += std::pow(count - expected, 2) / expected;
    return sum;
  };
  EXPECT_EQ(at.size(), 16u);
  EXPECT_LT(chi_square(at, 200), 44.3);
  EXPECT_EQ(value.size(), 4u);
  EXPECT_LT(chi_square(value, 800), 24);
}

TEST(Recall, InNoiseEveryKnownKeyAsks) {
  const RecallSpec spec{
      .kind = RecallKind::noisy, .tokens = 50, .vocabulary = 32, .items = 5, .noise = 0.3};
  int noise = 0, places = 0;
  for (const Prompt& prompt : prompts_of(spec, 20)) {
    std::map<int, int> value;
    for (std::size_t t = 0; t < 50; ++t) {
      ++places;
      if (prompt.seen[t] < 8) {
        ++noise;
        EXPECT_FALSE(prompt.asks[t]);
        continue;
      }
      ASSERT_LT(prompt.seen[t], 16) << "a value without a key";
      const auto found = value.find(prompt.seen[t]);
      EXPECT_EQ(prompt.asks[t], found != value.end());
      ASSERT_GE(prompt.seen[t + 1], 16);
      EXPECT_FALSE(prompt.asks[t + 1]);
      if (found != value.end()) {
        EXPECT_EQ(prompt.answer[t], found->second);
        EXPECT_EQ(prompt.seen[t + 1], found->second);
      }
      value[prompt.seen[t]] = prompt.seen[t + 1];
      ++t;
    }
    EXPECT_LE(value.size(), 5u);
  }
  // Of places 0.3 are noise but for the last, 320 prompts of about 29 places: error 0.005. The last
  // is noise in half of the prompts, which adds about 0.01.
  EXPECT_NEAR(static_cast<double>(noise) / places, 0.31, 0.025);
}

TEST(Recall, CopyingRepeatsWhatIsNotBlankInItsOrder) {
  const RecallSpec spec{.kind = RecallKind::copying, .tokens = 30, .vocabulary = 16, .items = 7};
  std::set<int> symbols;
  for (const Prompt& prompt : prompts_of(spec, 8)) {
    std::vector<int> content;
    for (std::size_t t = 0; t < 23; ++t) {
      EXPECT_FALSE(prompt.asks[t]);
      EXPECT_NE(prompt.seen[t], 1);
      if (prompt.seen[t] > 1) content.push_back(prompt.seen[t]);
    }
    ASSERT_EQ(content.size(), 7u);
    for (std::size_t i = 0; i < 7; ++i) {
      EXPECT_EQ(prompt.seen[23 + i], 1);
      EXPECT_TRUE(prompt.asks[23 + i]);
      EXPECT_EQ(prompt.answer[23 + i], content[i]);
    }
    symbols.insert(content.begin(), content.end());
  }
  EXPECT_EQ(symbols.size(), 14u);  // all but blank and marker
}

TEST(Recall, APromptDependsOnItsAddressAlone) {
  const TokenTask task(recall_tokens({.tokens = 24, .vocabulary = 16, .items = 4}).value());
  EXPECT_EQ(task.source().vocabulary(), 16);
  EXPECT_EQ(task.answers(), (Answers{.kind = AnswerKind::classes, .positions = 24, .outputs = 16}));
  TokenBlock<double> whole, part;
  TokenSampler<double> sampler(task);
  sampler.sample({.seed = 2, .step = 3, .first = 16}, kLanes, whole);
  sampler.sample({.seed = 2, .step = 3, .first = 20}, 1, part);
  for (std::size_t t = 0; t < 24; ++t) {
    EXPECT_EQ(whole.tokens[t * kLanes + 4], part.tokens[t * kLanes]);
    EXPECT_EQ(part.weights[t * kLanes + 1], 0);  // an empty lane asks nothing
  }
}

TEST(Recall, MistakesNameTheirKeys) {
  const auto refused = [](const RecallSpec& spec, const char* what) {
    return test::is_error(recall_tokens(spec), ErrorKind::config, {what});
  };
  EXPECT_TRUE(refused({.vocabulary = 30}, "[task.vocabulary] must be a multiple of 4"));
  EXPECT_TRUE(refused({.items = 33}, "[task.items] must be in [1, 32] for a vocabulary of 64"));
  EXPECT_TRUE(refused({.tokens = 23}, "[task.tokens] must be at least 24 for 8 items, got 23"));
  EXPECT_TRUE(refused({.kind = RecallKind::copying, .tokens = 9}, "must be at least 16"));
  EXPECT_TRUE(refused({.kind = RecallKind::noisy, .items = 17}, "[1, 16]"));
  EXPECT_TRUE(refused({.kind = RecallKind::noisy, .noise = 1}, "[task.noise_share]"));
  EXPECT_TRUE(refused({.kind = RecallKind::noisy, .noise = NAN}, "[task.noise_share]"));
  EXPECT_TRUE(refused({.tokens = 5000}, "[task.tokens] must be in [2, 4096]"));
}

}  // namespace
}  // namespace gramian
