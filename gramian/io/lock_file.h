// A lock for file systems that have none of their own: a file that one process alone can have
// created (O_EXCL). It says who holds it, and its holder writes it again every few seconds.
//
// A lock whose holder does not give it back ends as follows. On the same host it ends when the
// process is gone. From another host nothing is seen but the file: it ends when it has not been
// written for `patience`. Its age is the difference of the times that the file system gives to it
// and to a file that is created to compare, so clocks of hosts matter only where the file system
// takes times from them; these must then agree to less than the patience. A holder that is stopped
// for longer (SIGSTOP) loses the lock without noticing it, which a lock of the system does not do.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "gramian/base/error.h"

namespace gramian {

class LockFile {
 public:
  struct Timing {
    std::chrono::milliseconds heartbeat{5'000};
    std::chrono::milliseconds patience{60'000};  // many heartbeats
  };

  // Creates the file; null if somebody else holds the lock. Errors: io.
  static Expected<std::unique_ptr<LockFile>> try_take(const std::string& path, Timing timing);

  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;
  ~LockFile();  // removes the file

 private:
  LockFile(std::string path, std::string owner)
      : path_(std::move(path)), owner_(std::move(owner)) {}
  void write_until_stopped(const std::stop_token& stop, std::chrono::milliseconds every) const;

  std::string path_;
  std::string owner_;   // what the file says: host, process, and digits that no other lock has
  std::jthread heart_;  // ends before the others
};

}  // namespace gramian
