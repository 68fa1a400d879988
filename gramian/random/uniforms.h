// The uniform numbers of one prompt, one after another: for samplers that do not know in advance
// how many they need.
//
//   Uniforms uniforms(address, p);
//   const double x = uniforms.next();        // in (0, 1)
//   const std::size_t i = uniforms.below(10);  // 0 .. 9
//   const double z = uniforms.normal();
//
// Number k of prompt p depends on its address and k alone (prompt_words.h). Preconditions: at most
// 2^34 numbers of a prompt. Errors: none. Cost: ten rounds of philox for four numbers.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <utility>
#include <vector>

#include "gramian/base/assert.h"
#include "gramian/random/prompt_words.h"

namespace gramian {

class Uniforms {
 public:
  Uniforms(const PhiloxAddress& address, std::size_t p) : words_(address, p) {}

  double next() {
    if (used_ % 4 == 0) four_ = words_(used_ / 4);
    return unit_of(four_[used_++ % 4]);
  }
  // Requires: count >= 1 (asserted).
  std::size_t below(std::size_t count) {
    GRAMIAN_ASSERT(count >= 1);
    return std::min(count - 1, static_cast<std::size_t>(next() * static_cast<double>(count)));
  }
  double normal() {  // Box-Muller, one of its two numbers
    const double radius = std::sqrt(-2 * std::log(next()));
    return radius * std::cos(2 * std::numbers::pi * next());
  }
  template <class T>
  void shuffle(std::vector<T>& list) {
    for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[below(i)]);
  }

 private:
  PromptWords words_;
  std::array<std::uint32_t, 4> four_{};
  std::size_t used_ = 0;
};

}  // namespace gramian
