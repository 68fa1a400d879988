// The studies of Li et al. (2024): what each trains and how it draws it, each in a file of its own.
#pragma once

#include <vector>

#include "gramian/studies/study.h"

namespace gramian::low_rank {

std::vector<Cell> rank_cells();
Status draw_rank(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> pruning_cells();
Status draw_pruning(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> attention_cells();
Status draw_attention(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> patterns_cells();
Status draw_patterns(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> conditions_cells();
Status draw_conditions(const Archive&, const StudyOptions&, StudyResult&);

}  // namespace gramian::low_rank
