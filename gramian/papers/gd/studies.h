// The studies of von Oswald et al. (2022): what each trains and how it draws it, each in
// a file of its own.
#pragma once

#include <string>
#include <vector>

#include "gramian/studies/study.h"

namespace gramian::gd {

std::vector<Cell> fig2_cells();
Status draw_fig2(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> fig3_cells();
Status draw_fig3(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> fig4_cells();
Status draw_fig4(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> fig5_cells();
Status draw_fig5(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> fig12_cells();
Status draw_fig12(const Archive&, const StudyOptions&, StudyResult&);

}  // namespace gramian::gd
