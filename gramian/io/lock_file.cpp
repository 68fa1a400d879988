#include "gramian/io/lock_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <mutex>
#include <optional>
#include <random>
#include <system_error>

#include "gramian/io/files.h"

namespace gramian {

namespace {

using Nanoseconds = std::chrono::nanoseconds;

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

std::string random_digits() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

// Opens with these flags, writes, closes: on NFS others see a file as it is when it is closed.
// Returns the error number.
int write_whole(const std::string& path, int flags, const std::string& text) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, 0666);
  if (descriptor < 0) return errno;
  const bool written =
      ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = written ? 0 : errno;
  return ::close(descriptor) == 0 || error != 0 ? error : errno;
}

// Of its last change, as the file system tells it; nothing if it is not there.
std::optional<Nanoseconds> changed_at(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return std::chrono::seconds(info.st_mtim.tv_sec) + Nanoseconds(info.st_mtim.tv_nsec);
}

// What the clock of the file system says now: the time of a file that is created beside.
std::optional<Nanoseconds> file_system_now(const std::string& beside) {
  const std::string probe = fmt::format("{}.{}.tmp", beside, random_digits());
  if (write_whole(probe, O_CREAT | O_EXCL, " ") != 0) return std::nullopt;
  const auto now = changed_at(probe);
  ::unlink(probe.c_str());
  return now;
}

// "HOST PROCESS DIGITS" of a process of this host that does not exist any more.
bool is_of_dead_process(const std::string& owner) {
  const auto blank = owner.find(' ');
  if (blank == std::string::npos || owner.substr(0, blank) != host_name()) return false;
  const int process = std::atoi(owner.c_str() + blank);
  return process > 0 && ::kill(process, 0) != 0 && errno == ESRCH;
}

bool is_abandoned(const std::string& path, const std::string& owner, Nanoseconds patience) {
  if (is_of_dead_process(owner)) return true;
  const auto then = changed_at(path), now = file_system_now(path);
  return then && now && *now - *then > patience;
}

// Removes the lock of `owner` if it is still there. Of several processes that have found it
// abandoned, one at a time does so: otherwise the second would remove the lock that the first has
// taken since.
void remove_abandoned_lock(const std::string& path, const std::string& owner,
                           Nanoseconds patience) {
  const std::string one_at_a_time = path + ".breaking";
  const std::string me = fmt::format("{} {} {}\n", host_name(), ::getpid(), random_digits());
  if (write_whole(one_at_a_time, O_CREAT | O_EXCL, me) != 0) {
    const auto other = read_file(one_at_a_time);
    if (other && is_abandoned(one_at_a_time, *other, patience)) ::unlink(one_at_a_time.c_str());
    return;
  }
  const auto there = read_file(path);
  if (there && *there == owner) ::unlink(path.c_str());
  ::unlink(one_at_a_time.c_str());
}

}  // namespace

Expected<std::unique_ptr<LockFile>> LockFile::try_take(const std::string& path, Timing timing) {
  const std::string owner = fmt::format("{} {} {}\n", host_name(), ::getpid(), random_digits());
  for (bool again = false;; again = true) {
    const int error = write_whole(path, O_CREAT | O_EXCL, owner);
    if (error == 0) break;
    if (error != EEXIST) {
      return fail(ErrorKind::io, "cannot create the lock {}: {}", path, std::strerror(error));
    }
    const auto holder = read_file(path);
    if (again || !holder || !is_abandoned(path, *holder, timing.patience)) return nullptr;
    remove_abandoned_lock(path, *holder, timing.patience);
  }
  std::unique_ptr<LockFile> lock(new LockFile(path, owner));
  try {
    lock->heart_ = std::jthread([held = lock.get(), timing](const std::stop_token& stop) {
      held->write_until_stopped(stop, timing.heartbeat);
    });
  } catch (const std::system_error& failure) {
    return fail(ErrorKind::io, "cannot keep the lock {}: {}", path, failure.what());
  }
  return lock;
}

void LockFile::write_until_stopped(const std::stop_token& stop,
                                   std::chrono::milliseconds every) const {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock guard(mutex);
  while (!stopped.wait_for(guard, stop, every, [&] { return stop.stop_requested(); })) {
    const auto there = read_file(path_);
    if (there && *there == owner_) write_whole(path_, 0, owner_);
  }
}

LockFile::~LockFile() {
  heart_ = {};
  const auto there = read_file(path_);
  if (there && *there == owner_) ::unlink(path_.c_str());
}

}  // namespace gramian
