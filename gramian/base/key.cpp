#include "gramian/base/key.h"

#include <fmt/format.h>

namespace gramian {

bool Range::contains(double value) const {
  return (low_open ? value > low : value >= low) && (high_open ? value < high : value <= high);
}

std::string Range::describe() const {
  return fmt::format("{}{}, {}{}", low_open ? '(' : '[', low, high, high_open ? ')' : ']');
}

std::string Key::rule() const {
  switch (type) {
    case KeyType::integer:
      return fmt::format("an integer in {}", range.describe());
    case KeyType::number:
      return fmt::format("a number in {}", range.describe());
    case KeyType::boolean:
      return "true or false";
    case KeyType::choice:
      return fmt::format("one of {}", fmt::join(choices, ", "));
    case KeyType::numbers:
      return fmt::format("a number or an array of at most {}, each in {}", longest,
                         range.describe());
    case KeyType::matrix:
      return fmt::format(
          "[] (the identity), [v1, v2, ..] (a diagonal) or [[..], [..], ..] (rows), finite, at "
          "most {0} x {0}",
          longest);
  }
  return "";
}

}  // namespace gramian
