// Token tasks: layouts, laws and addresses.
#include "gramian/tasks/token_task.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "gramian/tasks/linear_pairs.h"
#include "gramian/tasks/sine_pairs.h"
#include "tests/support/errors.h"

namespace gramian {
namespace {

RegressionTask regression(int d, int n) {
  TaskSpec spec;
  spec.d = d;
  spec.n = n;
  spec.noise = NoisePrior::constant(0.3).value();
  spec.inputs = InputLaw::uniform;
  return RegressionTask::create(spec).value();
}

TokenTask linear_task(TokenLayout layout) {
  return TokenTask::create(linear_pairs(regression(3, 5)), layout).value();
}

TokenTask sine_task(TokenLayout layout, bool correlated = false) {
  return TokenTask::create(sine_pairs(5, {0.1, 0.5, correlated}).value(), layout).value();
}

// Tokens are those of the regression task, in place.
TEST(TokenTask, LinearPromptsAreThoseOfTheRegression) {
  const PhiloxAddress address{.seed = 3, .step = 7, .first = 32};
  PromptBlock<double> prompts(3);
  AlignedArray<double> pairs;
  PromptSampler<double>(regression(3, 5)).sample_tokens(address, kLanes, prompts, pairs);
  for (const TokenLayout layout : {TokenLayout::joined, TokenLayout::interleaved}) {
    const TokenTask t = linear_task(layout);
    EXPECT_EQ(t.tokens(), layout == TokenLayout::joined ? 6 : 11);
    EXPECT_EQ(t.width(), layout == TokenLayout::joined ? 4 : 3);
    TokenBlock<double> block;
    TokenSampler<double>(t).sample(address, kLanes, block);
    const auto at = [&](int row, int column, std::size_t p) {
      return block.tokens[static_cast<std::size_t>(row * t.width() + column) * kLanes + p];
    };
    for (std::size_t p = 0; p < kLanes; ++p) {
      double sum = 0, all = 0;
      for (std::size_t i = p; i < block.tokens.size(); i += kLanes)
        all += std::abs(block.tokens[i]);
      for (int j = 0; j < 5; ++j) {
        for (int i = 0; i < 4; ++i) {
          const double expected = pairs[static_cast<std::size_t>(j * 4 + i) * kLanes + p];
          EXPECT_EQ(i < 3 ? at(t.row_of_x(j), i, p) : at(t.row_of_y(j), t.width() - 1, p),
                    expected);
          sum += std::abs(expected);
        }
      }
      double target = 0;
      for (int i = 0; i < 3; ++i) {
        const auto place = static_cast<std::size_t>(i) * kLanes + p;
        EXPECT_EQ(at(t.row_of_x(5), i, p), prompts.query[place]);
        EXPECT_EQ(block.truth[place], prompts.truth[place]);
        sum += std::abs(prompts.query[place]);
        target += prompts.query[place] * prompts.truth[place];
      }
      EXPECT_NEAR(all, sum, 1e-12);  // and zeros elsewhere
      EXPECT_NEAR(block.target[p], target, 1e-15);
    }
  }
}

TEST(TokenTask, SinesHaveTheirLaw) {
  for (const bool correlated : {false, true}) {
    const TokenTask t = sine_task(TokenLayout::joined, correlated);
    TokenSampler<double> sampler(t);
    TokenBlock<double> block;
    double a = 0, aa = 0, phi = 0, a_phi = 0, x2 = 0;
    constexpr int kBlocks = 500, kCount = kBlocks * kLanes;
    for (int b = 0; b < kBlocks; ++b) {
      sampler.sample({.seed = 1, .first = static_cast<std::uint32_t>(b * kLanes)}, kLanes, block);
      for (std::size_t p = 0; p < kLanes; ++p) {
        const double amplitude = block.truth[p], phase = block.truth[kLanes + p];
        EXPECT_TRUE(amplitude >= 0.1 && amplitude <= 0.5 && phase >= 0 &&
                    phase <= std::numbers::pi);
        if (correlated) {
          EXPECT_NEAR((amplitude - 0.1) / 0.4, phase / std::numbers::pi, 1e-12);
        }
        a += amplitude / kCount;
        aa += amplitude * amplitude / kCount;
        phi += phase / kCount;
        a_phi += amplitude * phase / kCount;
        for (std::size_t j = 0; j <= 5; ++j) {
          const double x = block.tokens[2 * j * kLanes + p],
                       y = block.tokens[(2 * j + 1) * kLanes + p];
          EXPECT_TRUE(x >= -5 && x <= 5);
          x2 += x * x / kCount / 6;
          const double expected = amplitude * std::sin(x + phase);
          if (j < 5) {
            EXPECT_NEAR(y, expected, 1e-15);
          } else {
            EXPECT_EQ(y, 0);
            EXPECT_NEAR(block.target[p], expected, 1e-15);
          }
        }
      }
    }
    // Four standard errors of 8,000 prompts.
    EXPECT_NEAR(a, 0.3, 4 * 0.4 / std::sqrt(12 * kCount));
    EXPECT_NEAR(phi, std::numbers::pi / 2, 4 * std::numbers::pi / std::sqrt(12 * kCount));
    EXPECT_NEAR(x2, 25.0 / 3, 4 * 25 * std::sqrt(4.0 / 45) / std::sqrt(6.0 * kCount));
    const double covariance = a_phi - a * phi;
    EXPECT_NEAR(covariance, correlated ? 0.4 * std::numbers::pi / 12 : 0,
                4 * 0.4 * std::numbers::pi / 12 / std::sqrt(kCount));
  }
}

TEST(TokenTask, APromptDependsOnItsAddressAlone) {
  for (const TokenTask& t :
       {linear_task(TokenLayout::interleaved), sine_task(TokenLayout::interleaved)}) {
    TokenSampler<float> one(t), other(t);
    TokenBlock<float> a, b;
    one.sample({.seed = 5, .step = 2, .first = 0}, kLanes, a);
    other.sample({.seed = 9, .step = 1, .first = 64}, kLanes, b);  // leaves its numbers behind
    other.sample({.seed = 5, .step = 2, .first = 8}, 3, b);        // prompts 8, 9, 10
    for (std::size_t i = 0; i < a.tokens.size(); i += kLanes) {
      for (std::size_t p = 0; p < kLanes; ++p)
        EXPECT_EQ(b.tokens[i + p], p < 3 ? a.tokens[i + 8 + p] : 0);
    }
    for (std::size_t p = 0; p < kLanes; ++p) EXPECT_EQ(b.target[p], p < 3 ? a.target[8 + p] : 0);
    one.sample({.seed = 6, .step = 2, .first = 0}, kLanes, b);
    EXPECT_NE(a.tokens[0], b.tokens[0]);
    TokenBlock<double> twice;
    TokenSampler<double>(t).sample({.seed = 5, .step = 2, .first = 0}, kLanes, twice);
    for (std::size_t i = 0; i < a.tokens.size(); ++i) {
      EXPECT_NEAR(a.tokens[i], twice.tokens[i], 1e-6 * std::max(1.0, std::abs(twice.tokens[i])));
    }
  }
}

TEST(TokenTask, RefusesWhatIsNoTask) {
  EXPECT_TRUE(sine_pairs(10, {0, 0}));
  EXPECT_TRUE(test::is_error(sine_pairs(10, {0.5, 0.1}), ErrorKind::config,
                             {"[task.amplitude]", "[0.5, 0.1]"}));
  EXPECT_TRUE(test::is_error(sine_pairs(0), ErrorKind::config, {"[task.n]", "got 0"}));
  EXPECT_TRUE(test::is_error(TokenTask::create(sine_pairs(5000).value(), TokenLayout::joined),
                             ErrorKind::config, {"[task.n]", "5000"}));
}

// The sines of finished runs: what was trained on them depends on every draw. (Linear prompts are
// those of the regression, see above.)
TEST(TokenTask, SinesAreTheSameAsEver) {
  const auto sum_of = [](const TokenTask& task) {
    TokenBlock<double> block;
    TokenSampler<double>(task).sample({.seed = 3, .step = 7, .first = 32}, 11, block);
    double sum = 0;
    int place = 0;
    for (const auto* numbers : {&block.tokens, &block.target, &block.truth}) {
      for (const double number : *numbers) sum += number * std::cos(place++);
    }
    return sum;
  };
  EXPECT_NEAR(sum_of(sine_task(TokenLayout::joined)), 16.84459621302449, 1e-12);
  EXPECT_NEAR(sum_of(sine_task(TokenLayout::joined, true)), 13.711510929597045, 1e-12);
}

}  // namespace
}  // namespace gramian
