#include "gramian/runs/transformer_file.h"

#include <algorithm>

#include "gramian/io/safetensors.h"

namespace gramian {

namespace {

constexpr const char* kTransformerConvention =
    "Tokens are rows of E, the query last. E <- (E encoding), E <- E embedding; then in each layer "
    "E <- E + gelu(E mlp.in + mlp.in_bias) mlp.out + mlp.out_bias (tanh form of GELU) and "
    "E <- E + sum_h (E Q)(C K)^T (C V) P, C the rows that are keys, with a factor 1/n or with a "
    "softmax over keys. "
    "prediction = minus the last entry of the last row. Which of these there are: config.toml.";

}  // namespace

Status save_transformer(const std::string& path, const Transformer& transformer) {
  const auto recorded = GRAMIAN_TRY(record(transformer.spec));
  TensorFile file;
  file.metadata = {{"format", "gramian-transformer-1"}, {"convention", kTransformerConvention}};
  for (const Tape::Node& node : recorded.tape.nodes()) {
    if (node.operation != Operation::parameter) continue;
    const double* first = transformer.theta.data() + node.offset;
    file.tensors.push_back(
        {node.name, DType::f64, {node.rows, node.columns}, {first, first + node.size()}});
  }
  return write_safetensors(path, file);
}

Expected<Transformer> load_transformer(const std::string& path, const TransformerSpec& spec) {
  const auto file = GRAMIAN_TRY(read_safetensors(path));
  GRAMIAN_TRY(require_finite(file, path));
  const auto recorded = GRAMIAN_TRY(record(spec));
  Transformer transformer{spec, std::vector<double>(recorded.tape.parameters())};
  std::size_t found = 0;
  for (const Tape::Node& node : recorded.tape.nodes()) {
    if (node.operation != Operation::parameter) continue;
    const Tensor* tensor = file.find(node.name);
    if (tensor == nullptr) {
      return fail(ErrorKind::format,
                  "{}: not the transformer of this configuration: it has no tensor '{}'", path,
                  node.name);
    }
    if (tensor->shape != std::vector<std::int64_t>{node.rows, node.columns}) {
      return fail(ErrorKind::format, "{}: '{}' must have shape [{}, {}], got [{}]", path, node.name,
                  node.rows, node.columns, fmt::join(tensor->shape, ", "));
    }
    std::ranges::copy(tensor->values,
                      transformer.theta.begin() + static_cast<std::ptrdiff_t>(node.offset));
    ++found;
  }
  if (found != file.tensors.size()) {
    return fail(ErrorKind::format,
                "{}: not the transformer of this configuration: {} tensors in place of {}", path,
                file.tensors.size(), found);
  }
  return transformer;
}

}  // namespace gramian
