#include "gramian/io/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>

namespace gramian {

namespace {

std::unexpected<Error> system_failure(std::string_view action, const std::string& path) {
  return fail(ErrorKind::io, "cannot {} {}: {}", action, path, std::strerror(errno));
}

// A signal, such as the SIGINT that asks training to stop, must not break a write.
template <class Call>
auto retry_interrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace

Expected<File> File::open(const std::string& path, int flags, std::string_view purpose) {
  const int descriptor =
      retry_interrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0666); });
  if (descriptor < 0) return system_failure(purpose, path);
  return File(descriptor, path);
}

Expected<File> File::open_for_reading(const std::string& path) {
  return open(path, O_RDONLY, "read");
}

Expected<File> File::create(const std::string& path) {
  return open(path, O_WRONLY | O_CREAT | O_TRUNC, "write");
}

Expected<File> File::open_for_appending(const std::string& path) {
  return open(path, O_WRONLY | O_CREAT | O_APPEND, "write");
}

File& File::operator=(File&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Expected<std::uint64_t> File::size() const {
  struct stat info {};
  if (::fstat(descriptor_, &info) != 0) return system_failure("read", path_);
  return static_cast<std::uint64_t>(info.st_size);
}

Status File::read_at(std::uint64_t offset, std::span<char> bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = retry_interrupted([&] {
      return ::pread(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    });
    if (count < 0) return system_failure("read", path_);
    if (count == 0) return fail(ErrorKind::io, "cannot read {}: it ends at byte {}", path_, offset);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

Expected<std::size_t> File::read_some(std::span<char> bytes) {
  const ssize_t count =
      retry_interrupted([&] { return ::read(descriptor_, bytes.data(), bytes.size()); });
  if (count < 0) return system_failure("read", path_);
  return static_cast<std::size_t>(count);
}

Status File::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        retry_interrupted([&] { return ::write(descriptor_, bytes.data(), bytes.size()); });
    if (count < 0) return system_failure("write", path_);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Status File::sync() {
  if (retry_interrupted([&] { return ::fsync(descriptor_); }) != 0)
    return system_failure("write", path_);
  return {};
}

Status File::close() {
  // Not retried: Linux has released the descriptor even when close reports EINTR.
  if (::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR)
    return system_failure("write", path_);
  return {};
}

Expected<std::string> read_file(const std::string& path, std::size_t limit) {
  auto file = GRAMIAN_TRY(File::open_for_reading(path));
  constexpr std::size_t kChunk = 1 << 16;
  std::string bytes;
  while (true) {
    // Read to the end rather than to size(): files of /proc, and pipes, have size 0.
    const std::size_t used = bytes.size();
    bytes.resize(used + kChunk);
    const auto count = GRAMIAN_TRY(file.read_some(std::span(bytes).subspan(used)));
    bytes.resize(used + count);
    if (bytes.size() > limit)
      return fail(ErrorKind::format, "{}: must have at most {} bytes, has more", path, limit);
    if (count == 0) return bytes;
  }
}

namespace {

constexpr std::string_view kTemporary = ".tmp";
constexpr std::size_t kTagDigits = 16;

// Removes temporary files for `target` that no process writes to any more. Whoever writes one holds
// a lock on it (flock), which ends with its process. Where the file system has no such locks
// nothing is removed. Errors are of no interest: the replacement itself has succeeded.
void remove_abandoned(const std::filesystem::path& target) {
  const std::string name = target.filename();
  const std::filesystem::path folder = target.has_parent_path() ? target.parent_path() : ".";
  std::error_code ignored;
  for (std::filesystem::directory_iterator entry(folder, ignored), end; !ignored && entry != end;
       entry.increment(ignored)) {
    if (!is_temporary_of(entry->path().filename().string(), name)) continue;
    const int descriptor =
        ::open(entry->path().c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0) continue;
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) ::unlink(entry->path().c_str());
    ::close(descriptor);
  }
}

// A rename reaches the disk with its folder. Some file systems cannot sync a folder, and one that
// may be written to but not read cannot be opened: the new file is in place there all the same.
Status sync_folder(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  const int descriptor = retry_interrupted(
      [&] { return ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC); });
  if (descriptor < 0) return {};
  const bool synced = retry_interrupted([&] { return ::fsync(descriptor); }) == 0;
  const bool lost = !synced && (errno == EIO || errno == ENOSPC || errno == EDQUOT);
  Status status;
  if (lost) status = system_failure("write", path);
  ::close(descriptor);
  return status;
}

// A file beside `path` that no other process has, nor takes for abandoned.
struct Temporary {
  std::string path;
  int descriptor;
};

Expected<Temporary> create_temporary(const std::string& path) {
  std::random_device random;
  while (true) {
    const std::uint64_t tag = std::uint64_t{random()} << 32 | random();
    Temporary temporary{fmt::format("{}.{:016x}{}", path, tag, kTemporary), -1};
    temporary.descriptor = retry_interrupted([&] {
      return ::open(temporary.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    });
    if (temporary.descriptor < 0 && errno == EEXIST) continue;
    if (temporary.descriptor < 0) return system_failure("write", path);
    // Between its creation and the lock another process may have taken it for abandoned.
    struct stat info {};
    const bool locked =
        retry_interrupted([&] { return ::flock(temporary.descriptor, LOCK_EX); }) == 0;
    if (!locked || (::fstat(temporary.descriptor, &info) == 0 && info.st_nlink > 0))
      return temporary;
    ::close(temporary.descriptor);
  }
}

Status write_in_place(const std::string& path, std::string_view bytes) {
  auto file = GRAMIAN_TRY(File::create(path));
  GRAMIAN_TRY(file.write(bytes));
  return file.close();
}

}  // namespace

bool is_temporary_of(std::string_view name, std::string_view target) {
  if (!name.starts_with(target) || !name.ends_with(kTemporary)) return false;
  if (name.size() != target.size() + 1 + kTagDigits + kTemporary.size()) return false;
  const std::string_view tag = name.substr(target.size() + 1, kTagDigits);
  return name[target.size()] == '.' && tag.find_first_not_of("0123456789abcdef") == tag.npos;
}

Status write_file_atomically(const std::string& path, std::string_view bytes) {
  struct stat info {};
  // lstat: /dev/stdout is a link, and may lead to a regular file. Renaming would put a file in its
  // place.
  if (::lstat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
    return write_in_place(path, bytes);
  const auto temporary = GRAMIAN_TRY(create_temporary(path));
  File file(temporary.descriptor, path);  // errors name the file that was asked for
  Status status = file.write(bytes);
  if (status) status = file.sync();
  if (status && std::rename(temporary.path.c_str(), path.c_str()) != 0)
    status = system_failure("write", path);
  if (!status) {
    ::unlink(temporary.path.c_str());
    return status;
  }
  // The lock on the temporary file goes with its descriptor, so it is closed after the rename.
  GRAMIAN_TRY(file.close());
  remove_abandoned(path);
  return sync_folder(path);
}

}  // namespace gramian
