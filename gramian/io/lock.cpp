#include "gramian/io/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>

namespace gramian {

namespace {

constexpr auto kPoll = std::chrono::milliseconds(100);

// What flock says where the file system has no locks of this kind. EBADF: NFS takes a lock only on
// what is open for writing, which a folder cannot be.
bool has_no_locks(int error) {
  return error == ENOLCK || error == ENOSYS || error == EOPNOTSUPP || error == EINVAL ||
         error == EBADF;
}

}  // namespace

Expected<std::optional<Lock>> Lock::try_take(const std::string& path) {
  std::error_code ignored;
  const bool folder = std::filesystem::is_directory(path, ignored);
  const int flags = folder ? O_RDONLY | O_DIRECTORY : O_RDWR | O_CREAT;
  int descriptor;
  do {
    descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0)
    return fail(ErrorKind::io, "cannot open the lock {}: {}", path, std::strerror(errno));
  Lock lock(descriptor);
  int result;
  do {
    result = ::flock(descriptor, LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return lock;
  if (errno == EWOULDBLOCK) return std::nullopt;
  if (has_no_locks(errno)) {
    lock.file_ =
        GRAMIAN_TRY(LockFile::try_take(folder ? path + "/" + kLockOfFolder : path + ".lock", {}));
    if (lock.file_ == nullptr) return std::nullopt;
    return lock;
  }
  return fail(ErrorKind::io, "cannot lock {}: {}", path, std::strerror(errno));
}

Expected<Lock> Lock::take(const std::string& path, const std::function<bool()>& stopped) {
  while (true) {
    auto lock = GRAMIAN_TRY(try_take(path));
    if (lock) return *std::move(lock);
    if (stopped && stopped())
      return fail(ErrorKind::interrupted, "interrupted while another process worked in {}", path);
    std::this_thread::sleep_for(kPoll);
  }
}

Lock::~Lock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace gramian
