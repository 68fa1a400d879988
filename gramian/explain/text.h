// The explanation on a terminal: words, then tables.
#pragma once

#include <string>

#include "gramian/explain/explain.h"

namespace gramian {

std::string to_text(const Explanation& explanation);

}  // namespace gramian
