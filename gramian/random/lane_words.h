// The words of a draw for the sixteen prompts of a block, for code that is not compiled once for
// each instruction set.
#pragma once

#include <cstdint>

#include "gramian/random/philox.h"

namespace gramian {

// words: [4, lanes], on a boundary of 64 bytes. Word w of lane p is word w of philox under the
// counter (draw, first + p, step, stream) and the seed as its key.
void draw_lane_words(const PhiloxAddress& address, std::uint32_t draw, std::uint32_t* words);

}  // namespace gramian
