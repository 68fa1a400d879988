// The words of an enumeration: one table, from which it is parsed and printed, and from which a
// configuration key takes its choices.
//
//   inline constexpr auto kSchedules = words<Schedule>(
//       {{Schedule::cosine, "cosine"}, {Schedule::constant, "constant"}});
//   kSchedules.word(Schedule::cosine)     "cosine"
//   kSchedules.value("constant")          Schedule::constant
//   choice("train.schedule", "cosine", kSchedules.list(), ..)
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "gramian/base/assert.h"

namespace gramian {

template <class E>
struct Word {
  E value;
  std::string_view word;
};

template <class E, std::size_t N>
struct Words {
  std::array<E, N> values{};
  std::array<std::string_view, N> texts{};

  // Requires: `value` is in the table.
  constexpr std::string_view word(E value) const {
    for (std::size_t i = 0; i < N; ++i) {
      if (values[i] == value) return texts[i];
    }
    GRAMIAN_ASSERT(false && "a value without a word");
    return {};
  }
  constexpr std::optional<E> find(std::string_view text) const {
    for (std::size_t i = 0; i < N; ++i) {
      if (texts[i] == text) return values[i];
    }
    return std::nullopt;
  }
  // Requires: `text` is in the table, as the value of a key with these choices is.
  constexpr E value(std::string_view text) const {
    const std::optional<E> found = find(text);
    GRAMIAN_ASSERT(found.has_value());
    return found.value_or(values[0]);
  }
  constexpr std::span<const std::string_view> list() const { return texts; }
};

template <class E, std::size_t N>
constexpr Words<E, N> words(const Word<E> (&pairs)[N]) {
  Words<E, N> table;
  for (std::size_t i = 0; i < N; ++i) {
    table.values[i] = pairs[i].value;
    table.texts[i] = pairs[i].word;
  }
  return table;
}

}  // namespace gramian
