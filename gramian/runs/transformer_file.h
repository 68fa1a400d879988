// model.safetensors of a transformer on tokens: one float64 tensor for each parameter of its tape
// (transformer.h), under its name. What they mean is in the configuration beside the file.
#pragma once

#include <string>

#include "gramian/base/error.h"
#include "gramian/models/transformer.h"

namespace gramian {

Status save_transformer(const std::string& path, const Transformer& transformer);

// Errors: io, and format for a file that does not have exactly the parameters of `spec`, finite and
// of its shapes.
Expected<Transformer> load_transformer(const std::string& path, const TransformerSpec& spec);

}  // namespace gramian
