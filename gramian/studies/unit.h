// The unit of work of studies, one seed of one cell: where it is kept, what it costs, whether it is
// done. Units do not depend on each other, so that they can be shared out over machines.
//
//   const auto units = GRAMIAN_TRY(units_of(study.cells(), options));
//   for (const Unit& unit : units) .. unit.name, unit.cost(), is_done(unit, options.directory) ..
//
// Files of a unit, under the directory of a study:
//
//   runs/<cell>-<hash>/             a run directory, one for each start
//   cells/<name of the unit>.json   its record: which start counts, and what each cost
//   runs/<..>/eval-<hash>.json      the evaluation of the start that counts
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/studies/recipe.h"
#include "gramian/studies/scores.h"

namespace gramian {

struct StudyOptions {
  std::string directory = {};
  int seeds = 0;  // of each cell; 0: as many as the cell says
  Effort effort = {};
  int threads = 0;            // 0: one for each core that this process may use
  std::string networks = {};  // folder of kept networks (kept_networks.h); empty: none
  std::string command_line = {};
  bool quiet = false;                      // no progress bar
  std::function<bool()> interrupted = {};  // polled by several threads
  bool goes_on() const { return !interrupted || !interrupted(); }
  // Told, by several threads but by one at a time, whether any run is being trained from now on.
  // While none is, there is no state to save: whoever must end soon may end at once.
  std::function<void(bool training)> on_training = {};
};

struct Unit {
  // What an examination costs beside the training, roughly, in multiply-adds.
  static constexpr double kExaminationCost = 5e10;

  std::string name = {};  // "diag-L4-uniform-5-s0-<hash>", of cell, seed and the settings of starts
  Cell cell = {};
  int seed = 0;
  std::vector<Config> starts = {};
  std::vector<std::string> directories = {};  // of the starts
  Examination examination = {};
  std::string record = {};     // path
  std::string eval_name = {};  // in the directory of the start that counts
  std::string lock = {};       // path
  double training_cost = 0;    // multiply-adds of all starts

  // The same on every machine, so that shares of units agree.
  double cost() const { return training_cost + kExaminationCost; }
  // Two units with this text in common have all their files in common.
  std::string identity() const { return name + "/" + eval_name; }
};

// A unit that was trained and evaluated.
struct Trained {
  Cell cell;
  int seed = 0;
  std::string directory = {};  // of the run that counts
  double selection = 0;        // its loss on the selection prompts
  std::int64_t steps = 0;
  double seconds = 0;  // of training, all starts
  std::int64_t dropped = 0;
  int failed_starts = 0;  // diverged
  Scores scores = {};
};

// Every seed of every cell, in this order. Errors: config, for settings of a cell that are no
// experiment.
Expected<std::vector<Unit>> units_of(const std::vector<Cell>& cells, const StudyOptions& options);

// How many seeds of this cell these options ask for.
int seeds_of(const Cell& cell, const StudyOptions& options);

// Without those whose record and evaluation another one before has: studies share cells.
std::vector<Unit> without_repetitions(std::vector<Unit> units);

// The record of a finished unit. Errors: io and format.
Expected<Trained> load_trained(const Unit& unit, const std::string& study_directory);

// Done: the record is there, and the model and the evaluation that it promises.
bool is_done(const Unit& unit, const std::string& study_directory);

// The cells that `only` names; all of them if it is empty. With *, ? or [..] in it, it is a pattern
// for the whole name, as in a shell (fnmatch); otherwise a part of the name.
bool is_pattern(std::string_view only);
std::vector<Cell> selected_cells(const std::vector<Cell>& cells, const std::string& only);
bool is_selected(const Cell& cell, const std::string& only);

// The name of the unit of this seed: it depends on the recipe, so on the effort.
std::string unit_name(const Cell& cell, int seed, const Effort& effort);

// Hexadecimal hash of a text (64-bit FNV-1a): for names of files.
std::string short_hash(std::string_view text);

}  // namespace gramian
