// Trains and evaluates the cells that studies ask for, over all cores, into one directory that
// many commands and many processes may share:
//
//   DIR/runs, DIR/cells          the files of each unit (unit.h)
//   DIR/tuned/<hash>.json        constants of solvers, tuned to one task (runs/kept_baselines.h)
//
// The hash is that of the settings, so a changed recipe never meets old results. Each cell is
// trained by one thread: two cores work on two cells. A lock (io/lock.h) on DIR/locks/<..> keeps
// two processes from the same cell; it ends with its process, so kill -9 leaves nothing behind.
// Processes that were given different units (shard.h) do not meet, and need no lock.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/studies/unit.h"

namespace gramian {

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

// The work that is left on the cells that `options.effort.only` names: nothing is trained or
// written.
struct Outlook {
  int runs = 0, done = 0;   // one seed of one cell each
  double seconds_left = 0;  // on this machine, from a short measurement
};
Expected<Outlook> look_ahead(const std::vector<Cell>& cells, const StudyOptions& options);

// Trains and evaluates these units; what is done is left as it is. Errors: io and format;
// interrupted, after all state was saved. A start that diverges is no error. Where carrying out a
// unit throws (no memory), the others are carried out all the same, and the error is returned at
// the end.
Status carry_out(std::vector<Unit> units, const StudyOptions& options);

// Trains and evaluates the cells that `options.effort.only` names. The archive has these, and of
// the others those that were done before.
//
// Errors: usage, if `only` names no cell; those above. A cell of which no start came to an end is
// missing from the archive.
Expected<Archive> carry_out(const std::vector<Cell>& cells, const StudyOptions& options);

}  // namespace gramian
