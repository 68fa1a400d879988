// The memory layout of every fast kernel: 16 prompts side by side, one a lane,
//
//     element (i, j) of prompt p  =  data[(i * columns + j) * kLanes + p].
//
// The block is 16 wide for every instruction set and both precisions, so that a
// run does not depend on the width of the machine's registers.
#pragma once

#include <cstddef>

namespace gramian {

inline constexpr int kLanes = 16;

// Number of blocks that hold `prompts` prompts.
constexpr std::size_t blocks_for(std::size_t prompts) { return (prompts + kLanes - 1) / kLanes; }

}  // namespace gramian
