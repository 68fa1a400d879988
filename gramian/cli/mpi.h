// The one place where the program meets MPI. mpi.cpp is built with -DGRAMIAN_MPI=ON, and
// without_mpi.cpp otherwise.
#pragma once

#include <memory>

#include "gramian/base/error.h"
#include "gramian/parallel/channel.h"

namespace gramian::cli {

// The channel to the processes that mpirun has started with this one; null where it was not started
// by mpirun (or srun), or alone. Destroying it waits for all others to do so, unless forsaken.
// Errors: usage, for several processes of a program that was built without MPI; io.
Expected<std::unique_ptr<Channel>> join_ranks();

}  // namespace gramian::cli
