// What the studies have in common: cells by the dozen, series, claims with numbers.
#pragma once

#include <string>
#include <vector>

#include "gramian/models/network.h"
#include "gramian/studies/study.h"

namespace gramian {

const Problem& problem_named(std::string_view id);  // must exist
const Problem& main_problem();                      // sigma ~ U(0, 5)

// Every kind at each of these depths on this problem.
std::vector<Cell> cells_of(const Problem& problem, int first_layer, int last_layer);
// Every kind and depth of Table 1 on the uniform problems, or on the categorical ones.
std::vector<Cell> table_cells(bool uniform);

Role role_of(Parametrisation kind);

struct SolverLine {
  const char* name;   // key of Scores
  const char* title;  // as the paper writes it
  Role role;
};
inline constexpr SolverLine kSolverLines[] = {{"constrr", "CONSTRR", Role::constrr},
                                              {"adarr", "ADARR", Role::adarr},
                                              {"tunedrr", "TUNEDRR", Role::tunedrr},
                                              {"bayes", "Bayes bound", Role::bayes}};

// An error bar of two standard errors.
Point point(double x, const Estimate& estimate);

// Adjusted loss against depth. Profiles of the three kinds and of the solvers at one depth, the
// training range shaded.
Panel depth_panel(const Archive& archive, const Problem& problem);  // depth.cpp
Panel profile_panel(const Archive& archive, const Problem& problem, int layers, std::string title);

// Loss of the batch against the step, from metrics.jsonl. Errors: io.
Expected<std::vector<Point>> training_curve(const Trained& trained,
                                            const StudyOptions& options);  // training.cpp

void add_claims(std::vector<Claim> claims, StudyResult& result);

// The models that a run kept along the way (train.snapshots), in order; empty if it kept none.
// Errors: io; format.
struct NetworkSnapshot {
  std::int64_t step = 0;
  Network network = {};
};
Expected<std::vector<NetworkSnapshot>> load_snapshots(const Trained& trained,
                                                      const StudyOptions& options);  // training.cpp

// "0.0451 +- 0.0004"
std::string text(const Estimate& estimate);

// Prediction after each layer, for each seed: mean and standard deviation over seeds.
struct Spread {
  double mean = 0, deviation = 0;
};
Spread spread(const std::vector<double>& values);

}  // namespace gramian
