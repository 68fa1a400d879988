// What the page relies on in a study's file (gramian/figures/result.h describes all of it).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "gramian/base/error.h"

namespace gramian {

// Returns the name of the study, or an error that begins with `path` and points into the file.
Expected<std::string> check_shape(const nlohmann::json& study, const std::string& path);

}  // namespace gramian
