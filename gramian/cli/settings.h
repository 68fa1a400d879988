// Settings that the user gives beside a run.
#pragma once

#include <string>
#include <vector>

#include "gramian/base/error.h"

namespace gramian::cli {

// For commands that evaluate what `run` has trained. Errors: usage, for a key=value that says how a
// model is trained.
Status refuse_settings_of_training(const std::vector<std::string>& settings,
                                   const std::string& run);

}  // namespace gramian::cli
