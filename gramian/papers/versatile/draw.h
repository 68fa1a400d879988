// What the figures of this paper have in common: panels against depth and against the noise level.
#pragma once

#include <string>

#include "gramian/papers/versatile/setting.h"
#include "gramian/papers/versatile/studies.h"
#include "gramian/studies/draw.h"

namespace gramian::versatile {

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
