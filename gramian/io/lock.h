// Keeps two processes, or two threads, from the same work. A lock is a system lock (flock) on a
// file or a folder: it ends with its process, however that ends, and leaves nothing behind.
//
// Not every file system has such locks (Lustre without its flock option has none), and NFS has none
// on folders. There the lock is a file with the name of the host and of the process (lock_file.h):
// beside a file, PATH.lock, and in a folder, PATH/.lock.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gramian/base/error.h"
#include "gramian/io/lock_file.h"

namespace gramian {

inline constexpr const char* kLockOfFolder = ".lock";  // the file, where it is one

class Lock {
 public:
  // Nothing if somebody else holds it. `path` is an existing folder, or a file that is made if it
  // is missing. Errors: io.
  static Expected<std::optional<Lock>> try_take(const std::string& path);
  // Waits for it, and looks at `stopped` ten times a second. Errors: io; interrupted, when stopped.
  static Expected<Lock> take(const std::string& path, const std::function<bool()>& stopped = {});

  Lock(Lock&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), file_(std::move(other.file_)) {}
  Lock& operator=(Lock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(file_, other.file_);
    return *this;
  }
  ~Lock();  // gives it back

 private:
  explicit Lock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
  std::unique_ptr<LockFile> file_;  // where the system has no locks
};

}  // namespace gramian
