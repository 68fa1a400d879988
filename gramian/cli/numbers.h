// What commands do about numbers that are none.
#pragma once

#include <string_view>

#include "gramian/base/error.h"

namespace gramian::cli {

// To be called when `printed` is on the terminal and in its file. Errors: numeric, if there is a
// nan in it, as a word of its own. `what` is what has been computed: "this evaluation".
Status require_numbers(std::string_view printed, std::string_view what);

}  // namespace gramian::cli
