// Texts of --help in lines of at most kHelpColumns.
#pragma once

#include <CLI/CLI.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace gramian::cli {

inline constexpr std::size_t kHelpColumns = 100;

// Lines that are longer go on below, between words: at the column where the last text of the line
// began (after two spaces or more), so that descriptions of options stay in theirs. A word that is
// longer than a line stays whole.
std::string wrapped(std::string_view text);

// The usual help, wrapped.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override {
    return wrapped(Formatter::make_help(app, std::move(name), mode));
  }
};

}  // namespace gramian::cli
