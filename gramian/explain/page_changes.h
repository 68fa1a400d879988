// The tables, figures and JSON of what training changed and of pruning (changes.h), as parts of the
// section and of the file of page.h. Nothing is computed here.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "gramian/evaluation/changes.h"
#include "gramian/figures/result.h"

namespace gramian {

void add_changes(const Changes& changes, StudyResult& section);

nlohmann::ordered_json changes_json(const Changes& changes);

}  // namespace gramian
