// The bound on the memory that one piece of work may ask for.
//
// Sizes are estimated before anything is taken, so that a mistaken configuration ends in a message
// and not in a machine that swaps.
#pragma once

#include <string_view>

#include "gramian/base/error.h"

namespace gramian {

// For one thread, and for all threads of a process together; bytes.
inline constexpr double kMostThreadBytes = 8e9;
inline constexpr double kMostProcessBytes = 64e9;

// `what` begins the message: "d = 9, B = 100". Errors: config, if bytes > most.
inline Status check_memory(std::string_view what, double bytes, double most) {
  if (bytes <= most) return {};
  return fail(ErrorKind::config, "{} would need {:.0f} GB of memory; at most {:.0f} GB are allowed",
              what, bytes / 1e9, most / 1e9);
}

}  // namespace gramian
