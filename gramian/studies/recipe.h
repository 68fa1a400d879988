// What a study trains, as data: the studies of a paper describe cells, the runner carries them out
// and knows no paper.
#pragma once

#include <cstdint>
#include <functional>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/runs/family.h"
#include "gramian/runs/keys.h"

namespace gramian {

struct Effort {
  std::int64_t steps = 0;  // of every run; 0: as the recipe says
  bool quick = false;      // a rehearsal: few steps and prompts
  std::string only = {};   // if not empty: cells that it names (unit.h), and no others

  // Of a run that has `usual` by its recipe, and `rehearsed` in a rehearsal.
  std::int64_t steps_of(std::int64_t usual, std::int64_t rehearsed) const {
    return steps > 0 ? steps : quick ? rehearsed : usual;
  }
};

// One model on one problem: what is trained, from one or several starts, and how it is examined.
struct Cell {
  std::string name = {};   // "diag-L4-uniform-5", in names of files; two cells of one name are one
  std::string title = {};  // "DIAG, L = 4, sigma ~ U(0, 5)"
  // Cells of one group have prompts of one distribution, and share the solvers that are tuned to
  // them.
  std::string group = {};
  // For the list of runs: "DIAG", 4 and "sigma ~ U(0, 5)".
  std::string kind = {};
  int layers = 0;
  std::string problem = {};
  // The settings of each start of one seed; the start with the least loss on prompts of its own is
  // the one that counts. [eval] is left at its defaults.
  std::function<std::vector<Config>(int seed, const Effort& effort)> starts = {};
  int seeds = 1;  // that are trained where none are asked for
  std::function<Examination(const Effort& effort)> examination = {};
  // Makes the experiment of one of these settings.
  MakeExperiment make = make_experiment;
};

// The cell() of each of a list of settings, or of what `to` makes of its entries: cells_of(loops,
// setting_of).
template <std::ranges::input_range List, class ToSetting = std::identity>
std::vector<Cell> cells_of(const List& list, ToSetting to = {}) {
  std::vector<Cell> cells;
  for (const auto& entry : list) cells.push_back(std::invoke(to, entry).cell());
  return cells;
}

// "full-L4-looped-uniform-5" and "FULL, L = 4, looped, sigma ~ U(0, 5)": a model of so many layers,
// all of them the same if `looped`, on a problem.
std::string cell_name(std::string_view model, int layers, bool looped, std::string_view problem);
std::string cell_title(std::string_view model, int layers, bool looped, std::string_view problem);

}  // namespace gramian
