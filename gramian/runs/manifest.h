// manifest.json: by which program, on which machine and when a run was made.
#pragma once

#include <cstdint>
#include <string>

#include "gramian/base/error.h"
#include "gramian/figures/result.h"

namespace gramian {

struct Manifest {
  std::string version;  // of gramian
  std::string commit;   // or "unknown"
  std::uint64_t seed = 0;
  std::string cpu;  // model name
  int cores = 0;    // hardware threads
  std::string compiler;
  std::string simd;  // instruction set of the kernels
  std::string command_line;
  std::string started;   // ISO 8601, UTC
  std::string finished;  // the same; empty (null in the file) while running
  double seconds = 0;    // of training

  // Of this program, on this machine, now.
  static Manifest begin(std::uint64_t seed, std::string command_line, std::string simd);
};

std::string utc_now();  // "2025-01-31T12:00:00Z"

// What results say of where they come from: this program, this machine, finished now.
Provenance provenance_of(const Manifest& manifest, std::string settings);

Status write_manifest(const std::string& path, const Manifest& manifest);

// Whether this manifest says when its run was finished. One that is missing or cannot be read does
// not.
bool says_finished(const std::string& path);

}  // namespace gramian
