#include "gramian/explain/page_parts.h"
#include "gramian/evaluation/estimate_json.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace gramian::page {

using Json = nlohmann::ordered_json;

TableCell cell(const RunningMean& mean) {
  if (!std::isfinite(mean.mean())) return {.value = mean.mean(), .note = "infinite on some prompt"};
  return {.value = mean.mean(), .se = mean.standard_error()};
}

Json json_of(const RunningMean& mean) { return estimate_json(mean); }

std::string origin(const Ablation& part) {
  if (part.steps == 0) return part.from;
  return fmt::format("from {}, {} steps{}", part.from, part.steps,
                     part.converged ? "" : ", still falling");
}

}  // namespace gramian::page
