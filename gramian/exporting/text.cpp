#include "gramian/exporting/text.h"

#include <fmt/format.h>

namespace gramian {

std::string literal(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string literals(std::span<const double> values) {
  std::string text;
  for (const double value : values) {
    if (!text.empty()) text += ", ";
    text += literal(value);
  }
  return text;
}

std::string fill_in(
    std::string_view text,
    std::initializer_list<std::pair<std::string_view, std::string_view>> replacements) {
  std::string result;
  while (!text.empty()) {
    std::size_t matched = 0;
    for (const auto& [name, value] : replacements) {
      if (text.starts_with(name)) {
        result += value;
        matched = name.size();
        break;
      }
    }
    if (matched == 0) result += text[matched++];
    text.remove_prefix(matched);
  }
  return result;
}

std::string comment_text(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      std::string_view(" ._-+/,()[]{}=~:").find(c) != std::string_view::npos;
    result += safe ? c : '_';
  }
  return result;
}

}  // namespace gramian
