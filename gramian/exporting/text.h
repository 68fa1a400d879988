// Small help for writing source code that people will read.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace gramian {

// The shortest decimal that reads back as the same double, in Python and in C++ a floating-point
// literal.
std::string literal(double value);

// "1, 2.5, -3"
std::string literals(std::span<const double> values);

// `text` with every occurrence of each first string replaced by the second. What is put in is not
// searched again.
std::string fill_in(
    std::string_view text,
    std::initializer_list<std::pair<std::string_view, std::string_view>> replacements);

// Safe within a comment of any language: characters that could end one, and those that do not
// print, become '_'.
std::string comment_text(std::string_view text);

}  // namespace gramian
