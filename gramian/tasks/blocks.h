// The loop over a series of prompts, block by block.
//
// A prompt is drawn from random numbers that depend on its address alone: seed, stream and number.
// The number has 64 bits; its upper half is the `step` of the address and its lower half the prompt
// of that step. Training gives step t the prompts t * 2^32, t * 2^32 + 1, ..; everything else
// counts from 0.
//
// Preconditions: the last block of a series ends in the step in which it begins (asserted).
// Errors: none. Cost: that of the body.
#pragma once

#include <cstdint>

#include "gramian/base/assert.h"
#include "gramian/lanes/view.h"
#include "gramian/random/philox.h"

namespace gramian {

// Prompts `first` to `first + count` of one seed and stream.
struct PromptSeries {
  std::uint64_t seed = 0;
  std::uint32_t stream = kEvaluationStream;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

// The number of prompt `index` of `step`.
constexpr std::uint64_t prompt_number(std::uint32_t step, std::uint64_t index) {
  return (std::uint64_t{step} << 32) + index;
}

// The address of the block whose lane 0 is prompt `number`.
constexpr PhiloxAddress address_of(std::uint64_t seed, std::uint32_t stream, std::uint64_t number) {
  return {.seed = seed,
          .stream = stream,
          .step = static_cast<std::uint32_t>(number >> 32),
          .first = static_cast<std::uint32_t>(number)};
}

// Up to kLanes neighbours of a series.
struct SeriesBlock {
  PhiloxAddress address;
  std::uint64_t first = 0;  // number of the prompt in lane 0
  int count = 0;            // prompts: lanes that are in use
};

// Calls body(const SeriesBlock&) for each block of the series, in order.
template <class Body>
void for_blocks(const PromptSeries& series, Body&& body) {
  for_lanes(series.count, [&](std::uint64_t offset, int count) {
    const std::uint64_t first = series.first + offset;
    GRAMIAN_ASSERT(first >> 32 == (first + static_cast<std::uint64_t>(count) - 1) >> 32);
    body(SeriesBlock{address_of(series.seed, series.stream, first), first, count});
  });
}

}  // namespace gramian
