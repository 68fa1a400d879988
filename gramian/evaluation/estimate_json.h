// A mean with its standard error in JSON, {"mean": .., "se": ..}, as all results of evaluations
// have it; null where a number is not finite.
#pragma once

#include "gramian/base/json_number.h"
#include "gramian/evaluation/statistics.h"

namespace gramian {

inline nlohmann::ordered_json estimate_json(const RunningMean& mean) {
  return {{"mean", number_or_null(mean.mean())}, {"se", number_or_null(mean.standard_error())}};
}

}  // namespace gramian
