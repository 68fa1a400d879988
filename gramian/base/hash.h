// FNV-1a with 64 bits (Fowler, Noll and Vo, isthe.com/chongo/tech/comp/fnv): for each byte,
//
//     hash <- (hash xor byte) * 1099511628211   mod 2^64
//
// from 14695981039346656037 on. It names runs and numbers by what is in them; it is no protection
// against somebody who wants two texts to have the same hash. One multiplication a byte.
#pragma once

#include <cstdint>
#include <string_view>

namespace gramian {

inline constexpr std::uint64_t kEmptyHash = 14695981039346656037ull;  // of no bytes

constexpr std::uint64_t hash_byte(std::uint8_t byte, std::uint64_t before) {
  return (before ^ byte) * 1099511628211ull;
}

// `before` is the hash of the bytes that precede these.
constexpr std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t before = kEmptyHash) {
  for (const char c : bytes) before = hash_byte(static_cast<std::uint8_t>(c), before);
  return before;
}

// The eight bytes of a number, the lowest first on every machine.
constexpr std::uint64_t hash_number(std::uint64_t number, std::uint64_t before = kEmptyHash) {
  for (int shift = 0; shift < 64; shift += 8) {
    before = hash_byte(static_cast<std::uint8_t>(number >> shift), before);
  }
  return before;
}

}  // namespace gramian
