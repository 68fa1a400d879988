#include "gramian/cli/numbers.h"

#include <cctype>

namespace gramian::cli {

namespace {

bool has_nan(std::string_view text) {
  const auto is_letter = [&](std::size_t at) {
    return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
  };
  for (std::size_t at = text.find("nan"); at != text.npos; at = text.find("nan", at + 1)) {
    if (!is_letter(at + 3) && (at == 0 || !is_letter(at - 1))) return true;
  }
  return false;
}

}  // namespace

Status require_numbers(std::string_view printed, std::string_view what) {
  if (!has_nan(printed)) return {};
  return fail(ErrorKind::numeric,
              "{} has results that are not numbers (nan): the network explodes on these prompts, "
              "or its weights are too large or too small for double precision",
              what);
}

}  // namespace gramian::cli
