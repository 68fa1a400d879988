// model.safetensors of a transformer on tokens: one float64 tensor for each of its parameters,
// under its name (models/transformer/record.h), and its description as JSON in the metadata
// (transformer_json.h), so that the file alone says what it is.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/io/safetensors.h"
#include "gramian/models/transformer.h"

namespace gramian {

// `notes` are entries of the metadata that replace or join those of every file. Errors: io.
Status save_transformer(const std::string& path, const Transformer& transformer,
                        const std::map<std::string, std::string>& notes = {});

// What a file holds of a network: each parameter under its name, float64, with its part of theta.
std::vector<Tensor> tensors_of(const std::vector<Parameter>& parameters,
                               const std::vector<double>& theta);

// How to run it token by token, in words and equations: of linear attention, softmax, MLPs with
// ReLU and plain skips; other parts are named, and said to be in the description.
std::string instructions(const TransformerSpec& spec);

// The transformer that the file describes. Errors: io; format for a file without a description, as
// they were written before there was one, or with one that is not valid, and for tensors that are
// not exactly its parameters, finite and of their shapes.
Expected<Transformer> load_transformer(const std::string& path);

// The same for a transformer that is known from the configuration beside the file: also reads files
// without a description, and refuses one that describes another transformer. The number of tokens
// may differ: that of `spec` is used. Errors: io and format.
Expected<Transformer> load_transformer(const std::string& path, const TransformerSpec& spec);

}  // namespace gramian
