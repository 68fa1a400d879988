// The explanation on a terminal: words, then tables.
#pragma once

#include <string>

#include "gramian/explain/explain.h"

namespace gramian {

std::string to_text(const Explanation& explanation);
std::string to_text(const Changes& changes);  // of a system of which nothing else is explained

}  // namespace gramian
