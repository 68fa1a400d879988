// A number in JSON, which has no infinity and no NaN: these are null.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>

namespace gramian {

inline nlohmann::ordered_json number_or_null(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

}  // namespace gramian
