#include "gramian/runs/transformer_file.h"

#include <algorithm>

#include "gramian/io/safetensors.h"
#include "gramian/runs/transformer_json.h"

namespace gramian {

namespace {

constexpr const char* kTransformerConvention =
    "Tokens are rows of E, the query last. E <- (E encoding), E <- E embedding; then in each layer "
    "E <- E + gelu(E mlp.in + mlp.in_bias) mlp.out + mlp.out_bias (tanh form of GELU) and "
    "E <- E + sum_h (E Q)(C K)^T (C V) P, C the rows that are keys, with a factor 1/n or with a "
    "softmax over keys. "
    "prediction = minus the last entry of the last row. Which of these there are, and what differs "
    "from them: description.";
constexpr const char* kDescription = "description";  // the key of the metadata

Expected<TensorFile> read(const std::string& path) {
  auto file = GRAMIAN_TRY(read_safetensors(path));
  GRAMIAN_TRY(require_finite(file, path));
  return file;
}

Expected<TransformerSpec> description(const TensorFile& file, const std::string& path) {
  auto spec = transformer_from_json(file.metadata.at(kDescription));
  if (!spec) return fail(ErrorKind::format, "{}: {}", path, spec.error().message);
  return spec;
}

// The tensors as the theta of `spec`.
Expected<Transformer> with_tensors(const TensorFile& file, const std::string& path,
                                   const TransformerSpec& spec) {
  auto transformer = GRAMIAN_TRY(Transformer::create(spec));
  const auto& parameters = transformer.recorded().parameters;
  for (const Parameter& parameter : parameters) {
    const Tensor* tensor = file.find(parameter.name);
    if (tensor == nullptr) {
      return fail(ErrorKind::format, "{}: not this transformer: it has no tensor '{}'", path,
                  parameter.name);
    }
    if (tensor->shape != std::vector<std::int64_t>{parameter.rows, parameter.columns}) {
      return fail(ErrorKind::format, "{}: '{}' must have shape [{}, {}], got [{}]", path,
                  parameter.name, parameter.rows, parameter.columns,
                  fmt::join(tensor->shape, ", "));
    }
    std::ranges::copy(tensor->values, transformer.weights(parameter.name).begin());
  }
  if (parameters.size() != file.tensors.size()) {
    return fail(ErrorKind::format, "{}: not this transformer: {} tensors in place of {}", path,
                file.tensors.size(), parameters.size());
  }
  return transformer;
}

}  // namespace

Status save_transformer(const std::string& path, const Transformer& transformer) {
  TensorFile file;
  file.metadata = {{"format", "gramian-transformer-1"},
                   {"family", "transformer"},
                   {"convention", kTransformerConvention},
                   {kDescription, to_json(transformer.spec())}};
  auto next = transformer.theta.begin();
  for (const Parameter& parameter : transformer.recorded().parameters) {
    const auto end = next + std::ptrdiff_t{parameter.rows} * parameter.columns;
    file.tensors.push_back(
        {parameter.name, DType::f64, {parameter.rows, parameter.columns}, {next, end}});
    next = end;
  }
  return write_safetensors(path, file);
}

Expected<Transformer> load_transformer(const std::string& path) {
  const auto file = GRAMIAN_TRY(read(path));
  if (!file.metadata.contains(kDescription)) {
    return fail(ErrorKind::format,
                "{} does not describe a transformer on tokens; the configuration of its run would",
                path);
  }
  const auto spec = GRAMIAN_TRY(description(file, path));
  return with_tensors(file, path, spec);
}

Expected<Transformer> load_transformer(const std::string& path, const TransformerSpec& spec) {
  const auto file = GRAMIAN_TRY(read(path));
  if (file.metadata.contains(kDescription)) {
    auto described = GRAMIAN_TRY(description(file, path));
    described.stem.tokens = spec.stem.tokens;
    if (described != spec) {
      return fail(ErrorKind::format, "{}: not the transformer of this configuration: {}", path,
                  first_difference(described, spec));
    }
  }
  return with_tensors(file, path, spec);
}

}  // namespace gramian
