// A study reproduces one table or figure: the cells that it needs, and how it draws them.
//
//   for (const Study& study : all_studies()) ...
//   auto archive = carry_out(study.cells(), options);
//   StudyResult result = study.draw(*archive, options);
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gramian/studies/result.h"
#include "gramian/studies/runner.h"

namespace gramian {

struct Study {
  std::string_view name;   // "table1", "fig1", ..
  std::string_view title;  // one line, for help and headings
  std::string_view
      paper;  // where in the recipe's paper it is published; empty: it goes beyond the paper
  std::vector<Cell> (*cells)();
  // Fills in tables, figures and claims. Errors: io and format of files that it reads.
  Status (*draw)(const Archive& archive, const StudyOptions& options, StudyResult& result);
  const Recipe* recipe = &versatile_recipe;  // of all its cells
};

std::span<const Study> all_studies();
const Study* find_study(std::string_view name);  // null if there is none

// Carries a study out and writes DIR/results/<name>.json (and .csv for a table).
Expected<StudyResult> reproduce(const Study& study, const StudyOptions& options);

// Parts of studies, each in a file of its own.
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
std::vector<Cell> blowups_cells();
Status draw_blowups(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> steps_cells();
Status draw_steps(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> training_cells();
Status draw_training(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> gd_fig2_cells();
Status draw_gd_fig2(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> gd_fig3_cells();
Status draw_gd_fig3(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> gd_fig4_cells();
Status draw_gd_fig4(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> gd_fig5_cells();
Status draw_gd_fig5(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> gd_fig12_cells();
Status draw_gd_fig12(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> looped_fig1_cells();
Status draw_looped_fig1(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> looped_fig2_cells();
Status draw_looped_fig2(const Archive&, const StudyOptions&, StudyResult&);
std::vector<Cell> looped_fig3_cells();
Status draw_looped_fig3(const Archive&, const StudyOptions&, StudyResult&);

}  // namespace gramian
