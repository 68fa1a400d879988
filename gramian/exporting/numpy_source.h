// The learned algorithm as a Python module that needs NumPy, PyTorch or JAX alone.
#pragma once

#include <string>

#include "gramian/exporting/exporter.h"

namespace gramian {

std::string numpy_source(const ExportSource& source);
std::string torch_source(const ExportSource& source);
std::string jax_source(const ExportSource& source);

}  // namespace gramian
