// The safetensors format (https://github.com/huggingface/safetensors): named tensors
// that any language reads in ten lines.
//
//     u64 little-endian N | N bytes of JSON | data
//     JSON: {"__metadata__": {"key": "text"}, "name": {"dtype": "F32", "shape": [2, 3],
//            "data_offsets": [begin, end]}, ...}, offsets counted from the start of the data
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gramian/base/error.h"

namespace gramian {

// Half precision (f16, and bf16 with the exponent of f32) is read, as checkpoints of other programs
// have it; such a tensor is written as f32, which holds its numbers exactly.
enum class DType { f32, f64, f16, bf16 };

struct Tensor {
  std::string name;
  DType dtype = DType::f32;         // in the file; values are double here
  std::vector<std::int64_t> shape;  // empty: a scalar
  std::vector<double> values;       // row-major; written as f32 they are rounded
};

struct TensorFile {
  std::map<std::string, std::string> metadata;
  std::vector<Tensor> tensors;

  const Tensor* find(std::string_view name) const;  // null if absent
};

// Checks the whole header against the size of the file before any tensor is allocated.
// A file that is not what it should be is ErrorKind::format, and so is one of more than 100,000
// tensors; the cost is linear in the header. Tensors come in the order
// of their data. NaN and infinities are let through: see require_finite.
Expected<TensorFile> read_safetensors(const std::string& path);

// Writes atomically. Equal contents give equal bytes: tensors are laid out by dtype (f64
// first, so that all data is aligned), then by name, in whatever order they are given.
Status write_safetensors(const std::string& path, const TensorFile& file);

// Refuses the first NaN or infinity, naming its tensor and its index.
Status require_finite(const TensorFile& file, const std::string& path);

}  // namespace gramian
