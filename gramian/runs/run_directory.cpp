#include "gramian/runs/run_directory.h"

#include <filesystem>

#include "gramian/io/files.h"
#include "gramian/io/lock.h"

namespace gramian {

namespace fs = std::filesystem;

namespace {

constexpr const char* kConfig = "config.toml";  // the first file of a run
constexpr const char* kOldTemporary = ".tmp";   // after the name of a file, in older versions

}  // namespace

Status RunDirectory::make_folder(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return {};
  if (fs::exists(path, error))
    return fail(ErrorKind::io, "cannot create the run directory {}: it is a file", path);
  fs::create_directories(path, error);
  if (error)
    return fail(ErrorKind::io, "cannot create the run directory {}: {}", path, error.message());
  return {};
}

Expected<RunDirectory> RunDirectory::create(const std::string& path) {
  GRAMIAN_TRY(make_folder(path));
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (is_temporary_of(name, kConfig) || name == std::string(kConfig) + kOldTemporary) continue;
    if (name.starts_with(kLockOfFolder)) continue;
    return fail(ErrorKind::io,
                "the run directory {} is not empty: go on with --resume, or choose another --out",
                path);
  }
  if (error)
    return fail(ErrorKind::io, "cannot read the run directory {}: {}", path, error.message());
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

void RunDirectory::remove_old_temporaries() const {
  std::error_code ignored;
  for (const std::string& file : {config(), model(), checkpoint(), metrics(), manifest()})
    fs::remove(file + kOldTemporary, ignored);
}

std::string RunDirectory::snapshot(std::int64_t step) const {
  return fmt::format("{}/step-{:08}.safetensors", snapshots(), step);
}

}  // namespace gramian
