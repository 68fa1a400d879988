#include "gramian/runs/run_directory.h"

#include <filesystem>

namespace gramian {

namespace fs = std::filesystem;

Expected<RunDirectory> RunDirectory::create(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    if (fs::exists(path, error)) {
      return fail(ErrorKind::io, "cannot create the run directory {}: it is a file", path);
    }
    fs::create_directories(path, error);
    if (error)
      return fail(ErrorKind::io, "cannot create the run directory {}: {}", path, error.message());
  }
  const bool empty = fs::is_empty(path, error);
  if (error)
    return fail(ErrorKind::io, "cannot read the run directory {}: {}", path, error.message());
  if (!empty) {
    return fail(ErrorKind::io,
                "the run directory {} is not empty: go on with --resume, or choose another --out",
                path);
  }
  return RunDirectory(path);
}

Expected<RunDirectory> RunDirectory::open(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error))
    return fail(ErrorKind::io, "the run directory {} does not exist", path);
  if (!fs::is_directory(path, error))
    return fail(ErrorKind::io, "{} is a file, not a run directory", path);
  RunDirectory directory(path);
  if (!fs::exists(directory.config(), error)) {
    return fail(ErrorKind::io, "{} is not a run directory: {} is missing", path,
                directory.config());
  }
  return directory;
}

std::string RunDirectory::snapshot(std::int64_t step) const {
  return fmt::format("{}/step-{:08}.safetensors", snapshots(), step);
}

}  // namespace gramian
