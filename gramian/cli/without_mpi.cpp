#include <cstdlib>

#include "gramian/cli/mpi.h"

namespace gramian::cli {

Expected<std::unique_ptr<Channel>> join_ranks() {
  for (const char* const name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {  // Open MPI, MPICH
    const char* const size = std::getenv(name);
    if (size == nullptr || std::atol(size) <= 1) continue;
    return fail(ErrorKind::usage,
                "{} processes were started, but this program was built without MPI and cannot "
                "train one model with them: build it with -DGRAMIAN_MPI=ON (docs/cluster.md)",
                size);
  }
  return nullptr;
}

}  // namespace gramian::cli
