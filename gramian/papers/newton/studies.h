// The studies of Giannou et al. (2024): what each trains and how it draws it, each in a file of its
// own.
#pragma once

#include <vector>

#include "gramian/studies/study.h"

namespace gramian::newton {

std::vector<Cell> constructed_cells();
Status draw_constructed(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> logistic_cells();
Status draw_logistic(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> depth_cells();
Status draw_depth(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> coordinate_cells();
Status draw_coordinate(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> condition_cells();
Status draw_condition(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> degree_cells();
Status draw_degree(const Archive&, const StudyOptions&, StudyResult&);

}  // namespace gramian::newton
