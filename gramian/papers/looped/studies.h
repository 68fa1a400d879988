// The studies of Gatmiry et al. (2024): what each trains and how it draws it, each in
// a file of its own.
#pragma once

#include <string>
#include <vector>

#include "gramian/studies/study.h"

namespace gramian::looped {

std::vector<Cell> fig1_cells();
Status draw_fig1(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> fig2_cells();
Status draw_fig2(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> fig3_cells();
Status draw_fig3(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> rotation_cells();
Status draw_rotation(const Archive&, const StudyOptions&, StudyResult&);

}  // namespace gramian::looped
