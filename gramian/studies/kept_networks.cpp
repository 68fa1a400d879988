#include "gramian/studies/kept_networks.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "gramian/io/files.h"
#include "gramian/io/json.h"
#include "gramian/io/lock.h"
#include "gramian/lanes/target.h"
#include "gramian/runs/manifest.h"
#include "gramian/runs/run_directory.h"

namespace gramian {

namespace {

using IndexJson = nlohmann::json;
namespace fs = std::filesystem;

constexpr const char* kKeptFiles[] = {"config.toml", "model.safetensors"};

Expected<IndexJson> read_index(const std::string& folder) {
  const std::string path = folder + "/index.json";
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return IndexJson{{"networks", IndexJson::object()}};
  IndexJson index = GRAMIAN_TRY(read_json(path));
  if (!index.is_object() || !index.contains("networks") || !index["networks"].is_object())
    return fail(ErrorKind::format, "{} is not an index of kept networks", path);
  return index;
}

Status copy_run(const std::string& from, const std::string& to) {
  GRAMIAN_TRY(RunDirectory::make_folder(to));
  for (const char* file : kKeptFiles) {
    const auto bytes = GRAMIAN_TRY(read_file(fmt::format("{}/{}", from, file)));
    GRAMIAN_TRY(write_file_atomically(fmt::format("{}/{}", to, file), bytes));
  }
  return {};
}

}  // namespace

Expected<std::optional<std::string>> take_kept(const Unit& unit, const std::string& study_directory,
                                               const std::string& folder) {
  const IndexJson index = GRAMIAN_TRY(read_index(folder));
  const auto found = index["networks"].find(unit.name);
  if (found == index["networks"].end()) return std::nullopt;
  const auto record = found->find("record");
  if (record == found->end() || !record->is_object() || !record->contains("directory") ||
      !(*record)["directory"].is_string()) {
    return fail(ErrorKind::format, "{}/index.json: {} has no record with the directory of its run",
                folder, unit.name);
  }
  const std::string run =
      fmt::format("{}/{}", study_directory, (*record)["directory"].get<std::string>());
  if (std::ranges::find(unit.directories, run) == unit.directories.end()) {
    return fail(ErrorKind::format, "{}/index.json: {} has the run {}, which is none of its starts",
                folder, unit.name, run);
  }
  GRAMIAN_TRY(copy_run(fmt::format("{}/{}", folder, unit.name), run));
  GRAMIAN_TRY(write_file_atomically(unit.record, record->dump(2) + "\n"));
  return run;
}

Status keep(const Unit& unit, const std::string& study_directory, const std::string& folder) {
  const IndexJson record = GRAMIAN_TRY(read_json(unit.record));
  if (!record.is_object() || !record.contains("directory"))
    return fail(ErrorKind::format, "{}: not the record of a trained cell", unit.record);
  if (record["directory"].is_null()) return {};
  GRAMIAN_TRY(RunDirectory::make_folder(folder));
  const Lock lock = GRAMIAN_TRY(Lock::take(folder));
  IndexJson index = GRAMIAN_TRY(read_index(folder));
  if (index["networks"].contains(unit.name)) return {};
  const std::string run =
      fmt::format("{}/{}", study_directory, record["directory"].get<std::string>());
  GRAMIAN_TRY(copy_run(run, fmt::format("{}/{}", folder, unit.name)));
  const Manifest manifest = Manifest::begin(0, "", simd_target());
  index["networks"][unit.name] = {{"record", record},
                                  {"commit", manifest.commit},
                                  {"cpu", manifest.cpu},
                                  {"simd", manifest.simd}};
  return write_file_atomically(folder + "/index.json", index.dump(1) + "\n");
}

}  // namespace gramian
