// Work in numbered chunks, and who carries it out: the threads of this process (pool.h), or several
// processes with theirs (ranks.h). Each chunk leaves numbers of its own, and whoever gave the work
// adds them in the order of the chunks, so that the result is the same bits for any crew.
#pragma once

#include <span>
#include <vector>

#include "gramian/base/error.h"

namespace gramian {

class SharedWork {
 public:
  virtual ~SharedWork() = default;

  virtual int chunks() const = 0;
  // Runs a chunk in the scratch of a thread of this process; several threads run it at once. What
  // it leaves is kept until the work is given again.
  virtual void run_chunk(int chunk, int thread) = 0;
  // Whether somebody asked to stop: what the chunks have left is then worth nothing.
  virtual bool given_up() const = 0;

  // For processes that do not have the state from which the work follows. `order` is all that they
  // must know besides what they were made with; take_order makes the same work of it there. The
  // numbers that a chunk has left are written there, and read back here.
  // Requires: the numbers are of the same work (asserted by their count).
  virtual void write_order(std::vector<double>& order) const = 0;
  virtual void take_order(std::span<const double> order) = 0;
  virtual void write_left(int chunk, std::vector<double>& numbers) const = 0;
  virtual void read_left(int chunk, std::span<const double> numbers) = 0;
};

class Crew {
 public:
  virtual ~Crew() = default;

  // Runs all chunks, and returns when what they leave is here. Where work.given_up(), some are left
  // out. Errors: interrupted, where another process was asked to stop; io, where one cannot work.
  virtual Status carry_out(SharedWork& work) = 0;
};

}  // namespace gramian
