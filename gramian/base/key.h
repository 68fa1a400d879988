// A configuration key as data: what it is called, what its value must be, and what it changes.
//
// Each room declares its keys in its keys.h and keys.cpp and reads its specs there, from Settings
// (base/settings.h). gramian/io has the mechanism (TOML, errors, help), which knows no key, and
// gramian/runs/keys.h puts the tables of all rooms together.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace gramian {

enum class KeyType { integer, number, boolean, choice, numbers, matrix };

struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = true;
  bool high_open = true;

  bool contains(double value) const;  // false for NaN and infinities
  std::string describe() const;       // "(0, 10]"
};

// What another value changes.
enum class Affects {
  prompts,     // the task: training and evaluation
  weights,     // training: the weights, or which of them a run keeps
  evaluation,  // the numbers of an evaluation alone
  nothing,     // only how long something takes, or what is logged
};

struct Key {
  std::string_view name;  // "task.d": section and last name
  KeyType type = KeyType::number;
  std::string_view fallback;  // the default, written as after key= on the command line
  std::string_view help;      // one line
  Range range = {};           // of an integer, a number, or each entry of numbers
  std::span<const std::string_view> choices = {};  // of a choice
  std::size_t longest = 0;                         // numbers: entries; matrix: rows and columns
  Affects affects = Affects::weights;
  std::string_view only = {};  // the family of models that has it (runs/family.h); empty: all have

  constexpr std::string_view section() const { return name.substr(0, name.find('.')); }
  constexpr std::string_view last_name() const { return name.substr(name.find('.') + 1); }
  bool changes_weights() const {
    return affects == Affects::prompts || affects == Affects::weights;
  }
  std::string rule() const;  // what a value must be: "an integer in [1, 256]"
};

// The vocabulary of a room's table of keys.
namespace key {

// 2^53 - 1: larger integers are not exact in JSON.
inline constexpr double kLargestSeed = 9007199254740991.0;
inline constexpr std::size_t kMaxNumbers = 1024;  // entries of a value of type numbers

constexpr Range closed(double low, double high) { return {low, high, false, false}; }
constexpr Range above(double low, double high) { return {low, high, true, false}; }  // (low, high]
constexpr Range below(double low, double high) { return {low, high, false, true}; }  // [low, high)
constexpr Range at_least(double low) { return below(low, std::numeric_limits<double>::infinity()); }

constexpr Key integer(std::string_view name, std::string_view fallback, double low, double high,
                      std::string_view help) {
  return {name, KeyType::integer, fallback, help, closed(low, high)};
}
constexpr Key number(std::string_view name, std::string_view fallback, Range range,
                     std::string_view help) {
  return {name, KeyType::number, fallback, help, range};
}
constexpr Key boolean(std::string_view name, std::string_view fallback, std::string_view help) {
  return {name, KeyType::boolean, fallback, help};
}
constexpr Key choice(std::string_view name, std::string_view fallback,
                     std::span<const std::string_view> choices, std::string_view help) {
  return {name, KeyType::choice, fallback, help, {}, choices};
}
constexpr Key numbers(std::string_view name, std::string_view fallback, Range range,
                      std::string_view help) {
  return {name, KeyType::numbers, fallback, help, range, {}, kMaxNumbers};
}
constexpr Key matrix(std::string_view name, std::string_view fallback, std::size_t longest,
                     std::string_view help) {
  return {name, KeyType::matrix, fallback, help, {}, {}, longest};
}

constexpr Key only(std::string_view family, Key key) {
  key.only = family;
  return key;
}

template <std::size_t N>
constexpr std::array<Key, N> all_affect(Affects what, std::array<Key, N> keys) {
  for (Key& key : keys) key.affects = what;
  return keys;
}

}  // namespace key

}  // namespace gramian
