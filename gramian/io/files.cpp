#include "gramian/io/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

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

Status write_file_atomically(const std::string& path, std::string_view bytes) {
  struct stat info {};
  // lstat: /dev/stdout is a link, and may lead to a regular file. Renaming would put a file in its
  // place.
  const bool special = ::lstat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode);
  const std::string temporary = special ? path : path + ".tmp";
  auto file = GRAMIAN_TRY(File::create(temporary));
  Status status = file.write(bytes);
  if (status && !special) status = file.sync();  // a pipe cannot be synced
  if (status) status = file.close();
  if (special) return status;
  if (status && std::rename(temporary.c_str(), path.c_str()) != 0)
    status = system_failure("write", path);
  if (!status) ::unlink(temporary.c_str());
  return status;
}

}  // namespace gramian
