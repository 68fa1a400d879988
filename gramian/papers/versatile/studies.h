// The studies of Vladymyrov et al. (2024): what each trains and how it draws it, each in
// a file of its own.
#pragma once

#include <string>
#include <vector>

#include "gramian/studies/study.h"

namespace gramian::versatile {

std::vector<Cell> table1_cells();
Status draw_table1(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> fig1_cells();
Status draw_fig1(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> fig2_cells();
Status draw_fig2(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> fig3_cells();
Status draw_fig3(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> fig4_cells();
Status draw_fig4(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> fig5_cells();
Status draw_fig5(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> fig6_cells();
Status draw_fig6(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> fig7_cells();
Status draw_fig7(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> steps_cells();
Status draw_steps(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> blowups_cells();
Status draw_blowups(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> training_cells();
Status draw_training(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> changes_cells();
Status draw_changes(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> shift_cells();
Status draw_shift(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> diversity_cells();
Status draw_diversity(const Archive&, const StudyOptions&, StudyResult&);
std::string diversity_recipe(const Effort&);
std::string table1_csv(const Archive&, const StudyOptions&);

}  // namespace gramian::versatile
