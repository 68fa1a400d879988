// The loop over a series visits each prompt once, in order, at its own address.
#include "gramian/tasks/blocks.h"

#include <gtest/gtest.h>

#include "gramian/tasks/task.h"

namespace gramian {
namespace {

TEST(Blocks, EachPromptIsVisitedOnceInOrder) {
  for (const std::uint64_t begin : {std::uint64_t{0}, prompt_number(7, 128)}) {
    for (const std::uint64_t count : {0u, 1u, 15u, 16u, 17u, 1000u}) {
      std::uint64_t next = begin, blocks = 0;
      for_blocks({.seed = 5, .stream = 2, .first = begin, .count = count},
                 [&](const SeriesBlock& block) {
                   EXPECT_EQ(block.first, next);
                   EXPECT_EQ(block.address.seed, 5u);
                   EXPECT_EQ(block.address.stream, 2u);
                   EXPECT_EQ(prompt_number(block.address.step, block.address.first), next);
                   EXPECT_GE(block.count, 1);
                   EXPECT_LE(block.count, kLanes);
                   next += static_cast<std::uint64_t>(block.count);
                   ++blocks;
                 });
      EXPECT_EQ(next, begin + count);
      EXPECT_EQ(blocks, blocks_for(count));
    }
  }
}

TEST(Blocks, StepsAreTheUpperHalfOfANumber) {
  const PhiloxAddress address = address_of(3, kTuningStream, prompt_number(0x10002, 48));
  EXPECT_EQ(address.seed, 3u);
  EXPECT_EQ(address.stream, kTuningStream);
  EXPECT_EQ(address.step, 0x10002u);
  EXPECT_EQ(address.first, 48u);
}

// A prompt is the same whether its block is full or not.
TEST(Blocks, APromptDoesNotDependOnThoseAfterIt) {
  const auto task = RegressionTask::create({}).value();
  PromptSampler<double> sampler(task);
  PromptBlock<double> full(task.d()), part(task.d());
  sampler.sample(address_of(1, kEvaluationStream, 32), kLanes, full);
  sampler.sample(address_of(1, kEvaluationStream, 32), 5, part);
  const LaneView<double> a = lane_view(full.gram), b = lane_view(part.gram);
  for (std::size_t k = 0; k < a.rows(); ++k) {
    for (std::size_t p = 0; p < kLanes; ++p) EXPECT_EQ(b.at(k, 0, p), p < 5 ? a.at(k, 0, p) : 0.0);
  }
}

}  // namespace
}  // namespace gramian
