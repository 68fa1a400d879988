// What the tests of this room share: a folder that goes away, files, and errors.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>

#include "gramian/base/error.h"

namespace gramian::test {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gramian_io_XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void spill(const std::string& path, std::string_view bytes) { std::ofstream(path, std::ios::binary) << bytes; }

// Passes if `result` is an error of this kind whose message has all these parts.
template <class T>
testing::AssertionResult is_error(const Expected<T>& result, ErrorKind kind,
                                  std::initializer_list<std::string_view> parts) {
  if (result) return testing::AssertionFailure() << "succeeded";
  const std::string& message = result.error().message;
  if (result.error().kind != kind) return testing::AssertionFailure() << "another kind of error: " << message;
  for (const std::string_view part : parts) {
    if (message.find(part) == message.npos) {
      return testing::AssertionFailure() << "'" << part << "' is not in: " << message;
    }
  }
  return testing::AssertionSuccess();
}

template <class T>
std::string message_of(const Expected<T>& result) {
  return result ? "" : result.error().message;
}

}  // namespace gramian::test
