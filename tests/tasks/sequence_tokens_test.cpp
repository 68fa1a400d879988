// Sequences as tokens with an answer each.
#include "gramian/tasks/sequence_tokens.h"

#include <gtest/gtest.h>

#include "gramian/lanes/view.h"
#include "gramian/tasks/linear_pairs.h"
#include "gramian/tasks/token_task.h"
#include "tests/support/errors.h"

namespace gramian {
namespace {

const SequenceSpec kConstructed{.family = SequenceFamily::regression,
                                .layout = SequenceLayout::constructed,
                                .tokens = 6,
                                .state = 3,
                                .observed = 3};

TEST(SequenceTokens, BlocksHoldThePromptsOfTheirAddresses) {
  const TokenTask task(sequence_tokens(kConstructed).value());
  EXPECT_EQ(task.tokens(), 6);
  EXPECT_EQ(task.width(), 12);
  EXPECT_EQ(task.answers(), (Answers{.positions = 6, .outputs = 3}));
  EXPECT_EQ(task.source().observation(), 3);
  EXPECT_EQ(task.pair_tokens(), nullptr);
  const PhiloxAddress address{.seed = 3, .step = 7, .first = 32};
  TokenBlock<double> block;
  TokenSampler<double> sampler(task);
  sampler.sample(address, kLanes, block);
  sampler.sample(address, 5, block);
  const SequenceSampler<double> one(kConstructed);
  for (std::size_t p = 0; p < kLanes; ++p) {
    const auto same = [&](const AlignedArray<double>& lanes, const std::vector<double>& want) {
      ASSERT_EQ(lanes.size(), lane_size(want.size()));
      for (std::size_t k = 0; k < want.size(); ++k)
        EXPECT_EQ(lanes[k * kLanes + p], p < 5 ? want[k] : 0.0);
    };
    const auto prompt = one.sample(address, p);
    same(block.tokens, prompt.tokens);
    same(block.target, prompt.targets);
    same(block.weights, prompt.weights);
    same(block.truth, prompt.truth);
  }
}

TEST(SequenceTokens, TheAnswerOfAScalarTaskCountsOne) {
  TaskSpec spec;
  spec.d = 2;
  spec.n = 3;
  const auto task =
      TokenTask::create(linear_pairs(RegressionTask::create(spec).value()), TokenLayout::joined)
          .value();
  EXPECT_TRUE(task.answers().is_scalar());
  EXPECT_FALSE(task.source().observation().has_value());
  TokenBlock<float> block;
  TokenSampler<float>(task).sample({.seed = 1}, 3, block);
  for (std::size_t p = 0; p < kLanes; ++p) EXPECT_EQ(block.weights[p], p < 3 ? 1.0F : 0.0F);
}

TEST(SequenceTokens, MistakesNameTheirKeys) {
  SequenceSpec spec{.state = 3, .observed = 5};
  EXPECT_TRUE(test::is_error(sequence_tokens(spec), ErrorKind::config,
                             {"[task.d] must be at most [task.state], 3"}));
  spec = {.family = SequenceFamily::regression, .state = 5, .observed = 3};
  EXPECT_TRUE(test::is_error(sequence_tokens(spec), ErrorKind::config, {"[task.state] must be 0"}));
  spec = {.state = 200, .observed = 200};
  EXPECT_TRUE(
      test::is_error(sequence_tokens(spec), ErrorKind::config, {"[task.d] must be at most 128"}));
}

}  // namespace
}  // namespace gramian
