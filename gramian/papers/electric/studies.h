// The studies of Cheng, Carin and Sra (2024): what each trains and how it draws it, each in a file
// of its own.
#pragma once

#include <vector>

#include "gramian/studies/study.h"

namespace gramian::electric {

std::vector<Cell> constructed_cells();
Status draw_constructed(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> depth_cells();
Status draw_depth(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> eigenvector_cells();
Status draw_eigenvectors(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> general_cells();
Status draw_general(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> rewriting_cells();
Status draw_rewriting(const Archive&, const StudyOptions&, StudyResult&);

}  // namespace gramian::electric
