// The learned algorithm as one C++17 header that needs the standard library alone.
#pragma once

#include <string>

#include "gramian/exporting/exporter.h"

namespace gramian {

std::string cpp_source(const ExportSource& source);

}  // namespace gramian
