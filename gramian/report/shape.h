// What the page relies on in a study's file (gramian/figures/result.h describes all of it).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "gramian/base/error.h"

namespace gramian {

struct StudyHead {
  std::string study;
  std::optional<double> order = {};  // among the studies of all papers; not in old files
};

// Errors: format; the message begins with `path` and points into the file.
Expected<StudyHead> check_shape(const nlohmann::json& study, const std::string& path);

}  // namespace gramian
