#include "gramian/cli/outputs.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "gramian/io/files.h"
#include "gramian/io/json.h"

namespace gramian::cli {

namespace {

namespace fs = std::filesystem;

std::unexpected<Error> refuse(const Output& output, std::string_view reason) {
  return fail(ErrorKind::usage, "{} {}: {}; choose another name", output.option, output.path,
              reason);
}

// Whether the file is one that training or evaluation has written into a run directory.
bool is_of_a_run(const fs::path& path) {
  constexpr std::array<std::string_view, 5> kNames{"config.toml", "model.safetensors",
                                                   "checkpoint.safetensors", "metrics.jsonl",
                                                   "manifest.json"};
  std::error_code ignored;
  const fs::path folder = path.parent_path();
  const std::string name = path.filename();
  if (folder.filename() == "snapshots" && path.extension() == ".safetensors")
    return fs::exists(folder.parent_path() / kNames[0], ignored);
  if (!fs::exists(folder / kNames[0], ignored)) return false;
  return std::ranges::count(kNames, name) > 0 ||
         (name.starts_with("eval") && name.ends_with(".json"));
}

// Whether the file is one that gramian reproduce has written: a record of a cell, or results. A
// section of the report has the form of results.
bool is_of_a_study(const fs::path& path, bool section) {
  if (path.extension() != ".json") return false;
  std::error_code ignored;
  const fs::path folder = path.parent_path();
  if (folder.filename() == "cells" && fs::is_directory(folder.parent_path() / "runs", ignored))
    return true;
  const auto json = read_json(path);
  if (!json || !json->is_object() || !json->contains("study")) return false;
  return !(section && json->contains("explanation"));
}

// Whether the file is empty or begins so.
bool begins_with(const std::string& path, std::string_view beginning) {
  auto file = File::open_for_reading(path);
  if (!file) return false;
  std::string head(beginning.size(), '\0');
  std::size_t used = 0;
  while (used < head.size()) {
    const auto count = file->read_some(std::span(head).subspan(used));
    if (!count || *count == 0) break;
    used += *count;
  }
  head.resize(used);
  return head.empty() || head == beginning;
}

}  // namespace

void read_dash(std::string& path) {
  if (path == "-") path = "/dev/stdout";
}

Status check_output(const Output& output) {
  if (output.path.empty()) return {};
  std::error_code error;
  for (const std::string& input : output.inputs) {
    if (fs::equivalent(output.path, input, error))
      return refuse(output, fmt::format("it is the input {}", input));
  }
  const auto kind = fs::status(output.path, error).type();
  if (kind == fs::file_type::directory)
    return fail(ErrorKind::io, "cannot write {}: {}", output.path, std::strerror(EISDIR));
  if (kind != fs::file_type::regular && kind != fs::file_type::not_found) return {};  // a device
  const fs::path path = fs::absolute(output.path, error).lexically_normal();
  if (::access(path.parent_path().c_str(), W_OK) != 0)
    return fail(ErrorKind::io, "cannot write {}: {}", output.path, std::strerror(errno));
  if (kind == fs::file_type::not_found) return {};
  const fs::path place = fs::canonical(path, error);
  if (is_of_a_run(place)) return refuse(output, "it belongs to a training run");
  if (is_of_a_study(place, output.section))
    return refuse(output, "it holds the results of a study");
  if (!begins_with(output.path, output.beginning))
    return refuse(output, "the file there is not one that this command writes");
  return {};
}

}  // namespace gramian::cli
