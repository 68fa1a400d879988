// What page.cpp and page_changes.cpp both write: a mean with its error, as a cell of a table and as
// JSON.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "gramian/evaluation/statistics.h"
#include "gramian/explain/ablation.h"
#include "gramian/figures/result.h"

namespace gramian::page {

TableCell cell(const RunningMean& mean);

nlohmann::ordered_json json_of(const RunningMean& mean);

// "from the cut network, 3000 steps".
std::string origin(const Ablation& part);

}  // namespace gramian::page
