#include "gramian/runs/manifest.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "gramian/io/files.h"
#include "gramian/io/json.h"
#include "gramian/runs/commit.h"

#ifndef GRAMIAN_VERSION
#define GRAMIAN_VERSION "unknown"
#endif

namespace gramian {

namespace {

std::string cpu_model() {
  const Expected<std::string> text = read_file("/proc/cpuinfo");
  if (!text) return "unknown";
  constexpr std::string_view kLabel = "model name";
  const std::size_t label = text->find(kLabel);
  if (label == text->npos) return "unknown";  // as on ARM
  const std::size_t begin = text->find_first_not_of("\t :", label + kLabel.size());
  return text->substr(begin, text->find('\n', begin) - begin);
}

std::string compiler_name() {
#if defined(__clang__)
  return "Clang " __clang_version__;
#else
  return "GCC " __VERSION__;
#endif
}

}  // namespace

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

Manifest Manifest::begin(std::uint64_t seed, std::string command_line, std::string simd) {
  Manifest manifest;
  manifest.version = GRAMIAN_VERSION;
  manifest.commit = built_commit();
  manifest.seed = seed;
  manifest.cpu = cpu_model();
  manifest.cores = static_cast<int>(std::thread::hardware_concurrency());
  manifest.compiler = compiler_name();
  manifest.simd = std::move(simd);
  manifest.command_line = std::move(command_line);
  manifest.started = utc_now();
  return manifest;
}

Provenance provenance_of(const Manifest& manifest, std::string settings) {
  return {.command = manifest.command_line,
          .version = manifest.version,
          .commit = manifest.commit,
          .cpu = manifest.cpu,
          .simd = manifest.simd,
          .compiler = manifest.compiler,
          .finished = utc_now(),
          .cores = manifest.cores,
          .settings = std::move(settings)};
}

Status write_manifest(const std::string& path, const Manifest& manifest) {
  using Json = nlohmann::ordered_json;
  const Json json = {
      {"version", manifest.version},
      {"commit", manifest.commit},
      {"seed", manifest.seed},
      {"command_line", manifest.command_line},
      {"machine",
       {{"cpu", manifest.cpu},
        {"cores", manifest.cores},
        {"compiler", manifest.compiler},
        {"simd", manifest.simd}}},
      {"started", manifest.started},
      {"finished", manifest.finished.empty() ? Json() : Json(manifest.finished)},
      {"seconds", manifest.seconds},
  };
  // A path on the command line need not be UTF-8; replace what JSON cannot hold.
  return write_file_atomically(path,
                               json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

bool says_finished(const std::string& path) {
  const auto json = read_json(path);
  if (!json || !json->is_object()) return false;
  const auto finished = json->find("finished");
  return finished != json->end() && finished->is_string();
}

}  // namespace gramian
