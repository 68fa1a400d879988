// The random words of one prompt, for samplers that draw number by number: draw k of prompt p of a
// block is the philox counter (k, first + p, step, stream) under the seed as its key. Kernels that
// draw for sixteen prompts at once are in philox-inl.h.
//
// Preconditions and errors: none. Cost: ten rounds of philox for each draw of four words.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "gramian/random/philox.h"

namespace gramian {

class PromptWords {
 public:
  PromptWords(const PhiloxAddress& address, std::size_t p)
      : key_{static_cast<std::uint32_t>(address.seed),
             static_cast<std::uint32_t>(address.seed >> 32)},
        prompt_(address.first + static_cast<std::uint32_t>(p)),
        step_(address.step),
        stream_(address.stream) {}

  std::array<std::uint32_t, 4> operator()(std::size_t draw) const {
    return philox(key_, {static_cast<std::uint32_t>(draw), prompt_, step_, stream_});
  }

 private:
  std::array<std::uint32_t, 2> key_;
  std::uint32_t prompt_, step_, stream_;
};

// A word as a number in (0, 1).
constexpr double unit_of(std::uint32_t word) { return (word + 0.5) / 4294967296.0; }

}  // namespace gramian
