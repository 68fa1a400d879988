#include "gramian/cli/help.h"

namespace gramian::cli {

namespace {

// Where the last text of a line begins. Columns are of descriptions: within the first half.
std::size_t hanging_indent(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(' ');
  const std::size_t gap = line.substr(0, kHelpColumns / 2).rfind("  ");
  return gap == line.npos || gap + 2 < begin ? begin : line.find_first_not_of(' ', gap);
}

void append_wrapped(std::string_view line, std::string& text) {
  if (line.size() > kHelpColumns) {
    const std::size_t indent = hanging_indent(line);
    const std::size_t cut = line.rfind(' ', kHelpColumns);
    if (indent != line.npos && cut != line.npos && cut > indent) {
      text.append(line.substr(0, cut)) += '\n';
      std::string rest(indent, ' ');
      rest += line.substr(cut + 1);
      return append_wrapped(rest, text);
    }
  }
  text.append(line) += '\n';
}

}  // namespace

std::string wrapped(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    append_wrapped(text.substr(at, end - at), result);
    at = end + 1;
  }
  return result;
}

}  // namespace gramian::cli
