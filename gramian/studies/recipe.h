// How cells are trained and examined: a recipe is rules in place of tuning by hand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/runs/family.h"
#include "gramian/runs/keys.h"
#include "gramian/studies/problem.h"

namespace gramian {

// What is trained: a network of one kind and depth on one problem.
struct Cell {
  Parametrisation kind = Parametrisation::diag;
  int layers = 1;
  const Problem* problem = nullptr;
  bool guards = true;  // false: without guard prompts, to see what they are worth
  bool tied = false;   // a looped transformer: one layer, `layers` times
  // A transformer on tokens, by the name that its recipe gives it, in place of the kind: "mlp".
  std::string_view network = {};

  std::string name() const;   // "diag-L4-uniform-5", "full-L4-looped-..", in file names
  std::string title() const;  // "DIAG, L = 4, sigma ~ U(0, 5)"
  bool operator==(const Cell&) const = default;
};

struct Effort {
  std::int64_t steps = 0;  // of every run; 0: as the recipe says
  bool quick = false;      // a rehearsal: few steps and prompts
  std::string only = {};   // if not empty: cells whose name contains it, and no others
};

struct Recipe {
  // The settings of each start of one seed; the start with the least loss on prompts of its own is
  // the one that counts. [eval] is left at its defaults.
  std::vector<Config> (*starts)(const Cell& cell, int seed, const Effort& effort);
  Examination (*examination)(const Cell& cell, const Effort& effort);
  std::string (*text)(const Effort& effort);  // in words, for the page and --dry-run
};

// By the recipe of the cell's problem.
std::vector<Config> starts(const Cell& cell, int seed, const Effort& effort);
Examination examination(const Cell& cell, const Effort& effort);
inline constexpr std::uint64_t kEvaluationSeed = 1;       // of these prompts
inline constexpr std::uint64_t kTuningPrompts = 100'000;  // for the iterations of the study "steps"

// What a run costs, in multiply-adds: for estimates of time.
double cost(const Config& config);

}  // namespace gramian
