// The one table of configuration keys. Parsing, errors, --help and docs/reference.md
// all come from it.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gramian {

enum class KeyType { integer, number, boolean, choice, numbers, matrix };

struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = true;
  bool high_open = true;

  bool contains(double value) const;  // never NaN or an infinity
  std::string describe() const;       // "(0, 10]"
};

struct Key {
  std::string_view name;  // "task.d": section and last name
  KeyType type = KeyType::number;
  std::string_view fallback;  // the default, written as after key= on the command line
  std::string_view help;      // one line
  Range range;                // of an integer, a number, or each entry of numbers
  std::string_view choices;   // "a|b|c", of a choice
  // Runs are named by their settings. A key that came after the first of them is no part of a name
  // while it is at its default, so that names stay.
  bool later = false;

  std::string_view section() const { return name.substr(0, name.find('.')); }
  std::string_view last_name() const { return name.substr(name.find('.') + 1); }
  std::vector<std::string_view> choice_list() const;
  std::string rule() const;  // what a value must be: "an integer in [1, 256]"
};

struct Section {
  std::string_view name;
  std::string_view help;
};

inline constexpr std::size_t kMaxNumbers = 1024;  // entries of a value of type numbers

std::span<const Key> config_keys();  // in the order of their sections
std::span<const Section> config_sections();

const Key* find_key(std::string_view name);  // null if there is none
// "; did you mean 'train.learning_rate'?", or "" when nothing is near. `name` may lack its section.
std::string suggest_key(std::string_view name);
std::string suggest_section(std::string_view name);

std::string help_text();           // for a terminal
std::string reference_markdown();  // docs/reference.md

}  // namespace gramian
