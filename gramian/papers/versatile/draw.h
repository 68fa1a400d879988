// What the studies of this paper have in common: cells by the dozen, panels against depth and
// against the noise level.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gramian/papers/versatile/problem.h"
#include "gramian/papers/versatile/studies.h"
#include "gramian/studies/draw.h"

namespace gramian::versatile {

const Problem& problem_named(std::string_view id);  // must exist
const Problem& main_problem();                      // sigma ~ U(0, 5)

// Every kind at each of these depths on this problem.
std::vector<Cell> cells_of(const Problem& problem, int first_layer, int last_layer);
// Every kind and depth of Table 1 on the uniform problems, or on the categorical ones.
std::vector<Cell> table_cells(bool uniform);

struct SolverLine {
  const char* name;   // key of Scores
  const char* title;  // as the paper writes it
  Role role;
};
inline constexpr SolverLine kSolverLines[] = {{"constrr", "CONSTRR", Role::constrr},
                                              {"adarr", "ADARR", Role::adarr},
                                              {"tunedrr", "TUNEDRR", Role::tunedrr},
                                              {"bayes", "Bayes bound", Role::bayes}};

// Adjusted loss against depth. Profiles of the three kinds and of the solvers at one depth, the
// training range shaded.
Panel depth_panel(const Archive& archive, const Problem& problem);  // depth.cpp
Panel profile_panel(const Archive& archive, const Problem& problem, int layers, std::string title);

}  // namespace gramian::versatile
