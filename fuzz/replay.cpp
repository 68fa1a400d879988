// Runs every target on the files of its folder: fuzz_replay fuzz/corpus. A crash ends the program
// after the name of the file, which is printed first. Exit status 1 where a target has no files or
// a folder has no target.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "fuzz/targets.h"
#include "gramian/io/files.h"

namespace fs = std::filesystem;

int main(int count, char** arguments) {
  if (count != 2 || !fs::is_directory(arguments[1])) {
    fmt::print(stderr, "usage: fuzz_replay FOLDER, with a folder of files for each target\n");
    return 2;
  }
  bool complete = true;
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(arguments[1])) folders.push_back(entry.path());
  std::ranges::sort(folders);
  for (const fs::path& folder : folders) {
    if (gramian::fuzz::find_target(folder.filename().string()) != nullptr) continue;
    fmt::print(stderr, "{}: there is no such target\n", folder.string());
    complete = false;
  }
  for (const gramian::fuzz::Target& target : gramian::fuzz::targets()) {
    std::vector<fs::path> files;
    const fs::path folder = fs::path(arguments[1]) / target.name;
    if (fs::is_directory(folder)) {
      for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
    }
    std::ranges::sort(files);
    for (const fs::path& file : files) {
      fmt::print("{}\n", file.string());
      std::fflush(stdout);
      const auto bytes = gramian::read_file(file.string());
      if (!bytes) {
        fmt::print(stderr, "{}\n", bytes.error().message);
        return 1;
      }
      target.run(*bytes);
    }
    fmt::print("{}: {} files\n", target.name, files.size());
    complete = complete && !files.empty();
    if (files.empty()) fmt::print(stderr, "{} has no files\n", target.name);
  }
  return complete ? 0 : 1;
}
