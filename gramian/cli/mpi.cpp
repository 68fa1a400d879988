#include "gramian/cli/mpi.h"

#include <mpi.h>

#include <cstdlib>

namespace gramian::cli {

namespace {

// What a launcher tells its processes: Open MPI, MPICH and its kin, any with PMIx.
bool was_launched() {
  for (const char* const name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK"})
    if (std::getenv(name) != nullptr) return true;
  return false;
}

// Errors of MPI end all processes: what it does unless told otherwise.
class MpiChannel final : public Channel {
 public:
  MpiChannel() {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }
  MpiChannel(const MpiChannel&) = delete;
  MpiChannel& operator=(const MpiChannel&) = delete;
  ~MpiChannel() override {
    if (!forsaken_) MPI_Finalize();
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void send(int to, int tag, std::string_view bytes) override {
    for (bool more = true; more;) {
      const std::string_view part = bytes.substr(0, kLargest);
      bytes.remove_prefix(part.size());
      more = part.size() == kLargest;
      MPI_Send(part.data(), static_cast<int>(part.size()), MPI_BYTE, to, tag, MPI_COMM_WORLD);
    }
  }

  bool try_receive(int from, int tag, std::string& bytes) override {
    int has_come = 0;
    MPI_Status status;
    MPI_Iprobe(from, tag, MPI_COMM_WORLD, &has_come, &status);
    if (has_come == 0) return false;
    bytes.clear();
    for (bool more = true; more;) {
      MPI_Probe(from, tag, MPI_COMM_WORLD, &status);
      int size = 0;
      MPI_Get_count(&status, MPI_BYTE, &size);
      const std::size_t before = bytes.size();
      bytes.resize(before + static_cast<std::size_t>(size));
      MPI_Recv(bytes.data() + before, size, MPI_BYTE, from, tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      more = static_cast<std::size_t>(size) == kLargest;
    }
    return true;
  }

  void forsake() override { forsaken_ = true; }

 private:
  // MPI counts in int: longer messages come in parts, of which all but the last are of this size.
  static constexpr std::size_t kLargest = std::size_t{1} << 30;

  int rank_ = 0, size_ = 1;
  bool forsaken_ = false;
};

}  // namespace

Expected<std::unique_ptr<Channel>> join_ranks() {
  if (!was_launched()) return nullptr;
  int provided = 0;
  if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS ||
      provided < MPI_THREAD_FUNNELED) {
    return fail(ErrorKind::io, "MPI cannot be begun for a program with threads");
  }
  auto channel = std::make_unique<MpiChannel>();
  if (channel->size() == 1) return nullptr;
  return channel;
}

}  // namespace gramian::cli
