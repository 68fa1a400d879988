#include "gramian/explain/page_parts.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace gramian::page {

using Json = nlohmann::ordered_json;

TableCell cell(const RunningMean& mean) {
  if (!std::isfinite(mean.mean())) return {.value = mean.mean(), .note = "infinite on some prompt"};
  return {.value = mean.mean(), .se = mean.standard_error()};
}

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json json_of(const RunningMean& mean) {
  return {{"mean", number(mean.mean())}, {"se", number(mean.standard_error())}};
}

}  // namespace gramian::page
