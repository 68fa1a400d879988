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

  // An open descriptor; `path` is what errors call it.
  File(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
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
  static Expected<File> open(const std::string& path, int flags, std::string_view purpose);

  int descriptor_;
  std::string path_;
};

inline constexpr std::size_t kMaxTextFile = std::size_t{1} << 30;  // bytes

// The whole file; longer than `limit` bytes is an error (ErrorKind::format).
Expected<std::string> read_file(const std::string& path, std::size_t limit = kMaxTextFile);

// Replaces a file: writes a temporary file beside it, syncs it, renames it to `path` and syncs the
// folder. Whatever happens, a kill or a loss of power included, `path` holds either its old or its
// new bytes. Several processes may replace one file at the same time: each has a temporary file
// with a name of its own, "NAME.<16 hex digits>.tmp", and the last rename counts. After a failure
// the temporary file is gone; one that a killed process left behind is removed by the next
// replacement of the same file.
//
// What is not a regular file (a pipe) is written directly, and so is what a link leads to
// (/dev/stdout).
Status write_file_atomically(const std::string& path, std::string_view bytes);

// Whether `name` is that of a temporary file for the replacement of a file called `target` in the
// same folder.
bool is_temporary_of(std::string_view name, std::string_view target);

}  // namespace gramian
