// Philox 4x32-10 (Salmon et al. 2011): a counter-based generator. The same key and
// counter give the same four words on every machine, in any order. This scalar
// form is the reference of the lane form in philox-inl.h.
#pragma once

#include <array>
#include <cstdint>

namespace gramian {

inline constexpr std::uint32_t kPhiloxMultiplier0 = 0xD2511F53;
inline constexpr std::uint32_t kPhiloxMultiplier1 = 0xCD9E8D57;
inline constexpr std::uint32_t kPhiloxWeyl0 = 0x9E3779B9;
inline constexpr std::uint32_t kPhiloxWeyl1 = 0xBB67AE85;
inline constexpr int kPhiloxRounds = 10;

constexpr std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 2> key,
                                              std::array<std::uint32_t, 4> counter) {
  for (int round = 0; round < kPhiloxRounds; ++round) {
    const std::uint64_t p0 = std::uint64_t{kPhiloxMultiplier0} * counter[0];
    const std::uint64_t p1 = std::uint64_t{kPhiloxMultiplier1} * counter[2];
    counter = {
        static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(p1),
        static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key[0] += kPhiloxWeyl0;
    key[1] += kPhiloxWeyl1;
  }
  return counter;
}

// The address of a random number. The four counter words are (draw, prompt, step, stream) and the
// key is the seed. No two prompts share a number, so a prompt is the same wherever and whenever it
// is drawn.
struct PhiloxAddress {
  std::uint64_t seed = 0;
  std::uint32_t stream = 0;  // purpose of the numbers: see Stream below
  std::uint32_t step = 0;    // training step, or a block of evaluation prompts
  std::uint32_t first = 0;   // prompt in lane 0; lane p is prompt first + p
};

// Purposes that must never share random numbers.
enum Stream : std::uint32_t {
  kTrainingStream = 0,
  kEvaluationStream = 1,
  kTuningStream = 2,
  kInitialStream = 3,
  kCurvatureStream = 4,
  kPoolStream = 5,
};

}  // namespace gramian
