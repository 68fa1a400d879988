#include "gramian/runs/checkpoint.h"

#include <charconv>
#include <limits>

#include "gramian/io/safetensors.h"

namespace gramian {

namespace {

template <class T>
Expected<T> metadata_number(const TensorFile& file, const std::string& path,
                            const std::string& key) {
  const auto found = file.metadata.find(key);
  T value{};
  if (found != file.metadata.end()) {
    const std::string& text = found->second;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end.ec == std::errc() && end.ptr == text.data() + text.size() && value >= 0 &&
        value <= std::numeric_limits<T>::max()) {
      return value;
    }
  }
  return fail(ErrorKind::format,
              "{}: not a checkpoint: metadata '{}' must be a finite number >= 0, got {}", path, key,
              found == file.metadata.end() ? "none" : "'" + found->second + "'");
}

}  // namespace

Status save_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  TensorFile file;
  file.metadata = {{"format", "gramian-checkpoint-1"},
                   {"step", fmt::format("{}", checkpoint.state.adam.step)},
                   {"gauss_newton_step", fmt::format("{}", checkpoint.state.gauss_newton.step)},
                   {"error", fmt::format("{}", checkpoint.state.error)},
                   {"seconds", fmt::format("{}", checkpoint.seconds)},
                   {"dropped", fmt::format("{}", checkpoint.dropped)}};
  const std::vector<std::int64_t> shape{static_cast<std::int64_t>(checkpoint.state.theta.size())};
  file.tensors = {{"theta", DType::f64, shape, checkpoint.state.theta},
                  {"adam.first", DType::f64, shape, checkpoint.state.adam.first},
                  {"adam.second", DType::f64, shape, checkpoint.state.adam.second}};
  const GaussNewtonState& second = checkpoint.state.gauss_newton;
  if (!second.momentum.empty()) {
    const std::vector<std::int64_t> square{shape[0], shape[0]};
    file.tensors.push_back({"gauss_newton.curvature", DType::f64, square, second.curvature});
    file.tensors.push_back({"gauss_newton.momentum", DType::f64, shape, second.momentum});
  }
  if (const SoapState& soap = checkpoint.state.soap; !soap.left.empty()) {
    file.tensors.push_back({"soap.left", DType::f64, shape, soap.left});
    file.tensors.push_back({"soap.right", DType::f64, shape, soap.right});
    file.tensors.push_back({"soap.left_basis", DType::f64, shape, soap.left_basis});
    file.tensors.push_back({"soap.right_basis", DType::f64, shape, soap.right_basis});
  }
  return write_safetensors(path, file);
}

Expected<Checkpoint> load_checkpoint(const std::string& path, std::size_t parameters,
                                     Method method) {
  const auto file = GRAMIAN_TRY(read_safetensors(path));
  GRAMIAN_TRY(require_finite(file, path));

  Checkpoint checkpoint;
  const auto step = GRAMIAN_TRY(metadata_number<std::int64_t>(file, path, "step"));
  const auto second_step =
      GRAMIAN_TRY(metadata_number<std::int64_t>(file, path, "gauss_newton_step"));
  const auto error = GRAMIAN_TRY(metadata_number<double>(file, path, "error"));
  const auto seconds = GRAMIAN_TRY(metadata_number<double>(file, path, "seconds"));
  const auto dropped = GRAMIAN_TRY(metadata_number<std::int64_t>(file, path, "dropped"));
  checkpoint.state.adam.step = step;
  checkpoint.state.gauss_newton.step = second_step;
  checkpoint.state.error = error;
  checkpoint.seconds = seconds;
  checkpoint.dropped = dropped;

  struct Part {
    const char* name;
    std::vector<double>* values;
    std::size_t size;
  };
  AdamState& adam = checkpoint.state.adam;
  std::vector<Part> parts{{"theta", &checkpoint.state.theta, parameters},
                          {"adam.first", &adam.first, parameters},
                          {"adam.second", &adam.second, parameters}};
  if (method == Method::soap) {
    SoapState& soap = checkpoint.state.soap;
    parts.push_back({"soap.left", &soap.left, parameters});
    parts.push_back({"soap.right", &soap.right, parameters});
    parts.push_back({"soap.left_basis", &soap.left_basis, parameters});
    parts.push_back({"soap.right_basis", &soap.right_basis, parameters});
  }
  if (method == Method::gauss_newton) {
    GaussNewtonState& second = checkpoint.state.gauss_newton;
    parts.push_back({"gauss_newton.curvature", &second.curvature, parameters * parameters});
    parts.push_back({"gauss_newton.momentum", &second.momentum, parameters});
  }
  for (const Part& part : parts) {
    const Tensor* tensor = file.find(part.name);
    if (tensor == nullptr) {
      return fail(ErrorKind::format, "{}: not a checkpoint of this run: it has no tensor '{}'",
                  path, part.name);
    }
    if (tensor->dtype != DType::f64 || tensor->values.size() != part.size) {
      return fail(ErrorKind::format,
                  "{}: '{}' must be {} numbers of float64 for this model, got {} of {}", path,
                  part.name, part.size, tensor->values.size(),
                  tensor->dtype == DType::f64 ? "float64" : "float32");
    }
    *part.values = tensor->values;
  }
  return checkpoint;
}

}  // namespace gramian
