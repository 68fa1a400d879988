// Files whose every failure is an Error that names the file and the reason.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "gramian/base/error.h"

namespace gramian {

// An open file; closed by the destructor. All errors are ErrorKind::io.
class File {
 public:
  static Expected<File> open_for_reading(const std::string& path);
  static Expected<File> create(const std::string& path);              // empties an existing file
  static Expected<File> open_for_appending(const std::string& path);  // creates a missing file

  File(File&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}
  File& operator=(File&& other) noexcept;
  ~File();

  Expected<std::uint64_t> size() const;  // bytes
  // Fills `bytes` from `offset` on; a file that ends before is an error.
  Status read_at(std::uint64_t offset, std::span<char> bytes) const;
  // Reads the next bytes; 0 at the end of the file.
  Expected<std::size_t> read_some(std::span<char> bytes);
  Status write(std::string_view bytes);  // all of them
  Status sync();                         // to the disk
  Status close();                        // reports errors that the destructor cannot

 private:
  File(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  static Expected<File> open(const std::string& path, int flags, std::string_view purpose);

  int descriptor_;
  std::string path_;
};

inline constexpr std::size_t kMaxTextFile = std::size_t{1} << 30;  // bytes

// The whole file; longer than `limit` bytes is an error (ErrorKind::format).
Expected<std::string> read_file(const std::string& path, std::size_t limit = kMaxTextFile);

// Writes path + ".tmp", syncs it and renames it to `path`: whatever happens, `path` holds
// either its old or its new bytes. After a failure the temporary file is gone. What is
// not a regular file (a pipe) is written directly, and so is what a link leads to (/dev/stdout).
Status write_file_atomically(const std::string& path, std::string_view bytes);

}  // namespace gramian
