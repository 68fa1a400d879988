// JSON from files that anybody may have written: every file of JSON is read through here, so that
// no nesting and no size of it can take the stack, much memory or more than linear time.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "gramian/base/error.h"

namespace gramian {

struct JsonLimits {
  int depth = 64;                             // of arrays and objects in each other
  std::size_t values = std::size_t{1} << 24;  // numbers, texts, arrays, ..: about 1 GB in memory
};

inline constexpr std::size_t kMaxJsonFile = std::size_t{1} << 28;  // bytes

// Errors (format) are without a place, for a caller that knows it: "is not JSON: parse error at
// line 3, column 7: ..", "nests deeper than 64 levels", "has more than 16777216 values", and "has
// 'name' twice": a name that an object has twice means different things to different readers.
// Cost: linear; the text is read twice.
Expected<nlohmann::json> parse_json(std::string_view text, const JsonLimits& limits = {});

// The same of a file; errors name it, and are io or format.
Expected<nlohmann::json> read_json(const std::string& path, const JsonLimits& limits = {});

}  // namespace gramian
