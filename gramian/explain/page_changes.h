// The tables, figures and JSON of what training changed and of pruning (updates.h), as parts of the
// section and of the file of page.h. Nothing is computed here.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "gramian/explain/explain.h"
#include "gramian/figures/result.h"

namespace gramian {

void add_changes(const Explanation& explanation, StudyResult& section);

nlohmann::ordered_json changes_json(const Explanation& explanation);

}  // namespace gramian
