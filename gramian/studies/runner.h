// Trains and evaluates the cells that studies ask for, over all cores, into one directory that
// many commands and many processes may share:
//
//   DIR/runs/<cell>-<hash>/      a run directory (config.toml, model, checkpoint, metrics,
//                                manifest)
//   DIR/cells/<cell>-s<seed>-<hash>.json    which start of this seed counts, and what each cost
//   DIR/runs/<..>/eval-<hash>.json          the evaluation of the start that counts
//
// The hash is that of the settings, so a changed recipe never meets old results. Each cell is
// trained by one thread: two cores work on two cells. A lock (io/lock.h) on DIR/locks/<..> keeps
// two processes from the same cell; it ends with its process, so kill -9 leaves nothing behind.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/studies/recipe.h"
#include "gramian/studies/scores.h"

namespace gramian {

struct StudyOptions {
  std::string directory = {};
  int seeds = 1;
  Effort effort = {};
  int threads = 0;  // 0: one for each core that this process may use
  std::string command_line = {};
  std::function<bool()> interrupted = {};  // polled by several threads
  // Told, by several threads but by one at a time, whether any run is being trained from now on.
  // While none is, there is no state to save: whoever must end soon may end at once.
  std::function<void(bool training)> on_training = {};
};

// One seed of one cell, trained and evaluated.
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

// What studies draw from: every seed of every cell that is done.
class Archive {
 public:
  void add(Trained trained);
  // By the name of a cell. The seed with the least selection loss; null if no seed of the cell came
  // to an end.
  const Trained* best(const std::string& cell) const;
  std::vector<const Trained*> seeds(const std::string& cell) const;

 private:
  std::map<std::string, std::vector<Trained>> cells_;
};

// The cells whose name contains `only`; all of them if it is empty.
std::vector<Cell> selected_cells(const std::vector<Cell>& cells, const std::string& only);

// The work that is left on the cells that `options.effort.only` names: nothing is trained or
// written.
struct Outlook {
  int runs = 0, done = 0;   // one seed of one cell each
  double seconds_left = 0;  // on this machine, from a short measurement
};
Expected<Outlook> look_ahead(const std::vector<Cell>& cells, const StudyOptions& options);

// Trains and evaluates the cells that `options.effort.only` names. The archive has these, and of
// the others those that were done before.
//
// Errors: usage, if `only` names no cell; io and format; interrupted after all state was saved. A
// start that diverges is no error: the others of its cell count, and a cell of which none is left
// is missing from the archive. Where carrying out a cell throws (no memory), the other cells are
// carried out all the same, and the error is returned at the end.
Expected<Archive> carry_out(const std::vector<Cell>& cells, const StudyOptions& options);

// "diag-L4-uniform-5-s0-<hash>": the name under which a seed of a cell is kept.
std::string unit_name(const Cell& cell, int seed, const Effort& effort);

// Hexadecimal hash of a text (64-bit FNV-1a): for names of files.
std::string short_hash(std::string_view text);

}  // namespace gramian
