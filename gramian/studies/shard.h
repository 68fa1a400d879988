// Shares of a list of work for N processes that do not talk to each other: each computes all N
// shares and takes its own. So shares need no locks, and do not change as work is done.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gramian/base/error.h"

namespace gramian {

struct Shard {
  int index = 0;  // from 0
  int count = 1;
};

// "i/N" with 0 <= i < N. Errors: usage.
Expected<Shard> parse_shard(std::string_view text);

// The value of an environment variable, nothing if it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;
std::optional<std::string> process_environment(const char* name);

// Which of how many this process is to the systems that start many of them:
//
//   SLURM_ARRAY_TASK_ID, with _COUNT, _MIN and _MAX      a job array of Slurm
//   JOB_COMPLETION_INDEX, with JOB_COMPLETION_COUNT      an indexed job of Kubernetes, whose
//                                        manifest sets the count to that of its completions
//   OMPI_COMM_WORLD_RANK, with OMPI_COMM_WORLD_SIZE      mpirun of Open MPI
//
// Where several are set, such as mpirun in each task of an array, every process has a share of its
// own: that of one system is divided by the next. Errors: usage, if none is set, if a number is
// missing or out of range, or for an array whose numbers are not evenly spaced, of which no task
// can know its place.
Expected<Shard> shard_of(const Environment& environment);

// The places of the items of this share, in increasing order. The most expensive come first, each
// to the share with the least cost so far (Graham's longest processing time rule: no share costs
// more than 4/3 of the best division's dearest). Requires: costs >= 0, a valid shard (asserted).
std::vector<std::size_t> share_of(std::span<const double> costs, Shard shard);

}  // namespace gramian
