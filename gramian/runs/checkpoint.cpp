#include "gramian/runs/checkpoint.h"

#include <charconv>
#include <limits>

#include "gramian/io/safetensors.h"

namespace gramian {

namespace {

template <class T>
Expected<T> metadata_number(const TensorFile& file, const std::string& path, const std::string& key) {
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
  return fail(ErrorKind::format, "{}: not a checkpoint: metadata '{}' must be a finite number >= 0, got {}", path, key,
              found == file.metadata.end() ? "none" : "'" + found->second + "'");
}

}  // namespace

Status save_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  TensorFile file;
  file.metadata = {{"format", "gramian-checkpoint-1"},
                   {"step", fmt::format("{}", checkpoint.state.adam.step)},
                   {"seconds", fmt::format("{}", checkpoint.seconds)},
                   {"dropped", fmt::format("{}", checkpoint.dropped)}};
  const std::vector<std::int64_t> shape{static_cast<std::int64_t>(checkpoint.state.theta.size())};
  file.tensors = {{"theta", DType::f64, shape, checkpoint.state.theta},
                  {"adam.first", DType::f64, shape, checkpoint.state.adam.first},
                  {"adam.second", DType::f64, shape, checkpoint.state.adam.second}};
  return write_safetensors(path, file);
}

Expected<Checkpoint> load_checkpoint(const std::string& path, std::size_t parameters) {
  const auto file = read_safetensors(path);
  if (!file) return std::unexpected(file.error());
  if (Status ok = require_finite(*file, path); !ok) return std::unexpected(ok.error());

  Checkpoint checkpoint;
  const auto step = metadata_number<std::int64_t>(*file, path, "step");
  if (!step) return std::unexpected(step.error());
  const auto seconds = metadata_number<double>(*file, path, "seconds");
  if (!seconds) return std::unexpected(seconds.error());
  const auto dropped = metadata_number<std::int64_t>(*file, path, "dropped");
  if (!dropped) return std::unexpected(dropped.error());
  checkpoint.state.adam.step = *step;
  checkpoint.seconds = *seconds;
  checkpoint.dropped = *dropped;

  AdamState& adam = checkpoint.state.adam;
  for (auto [name, values] : {std::pair{"theta", &checkpoint.state.theta}, std::pair{"adam.first", &adam.first},
                              std::pair{"adam.second", &adam.second}}) {
    const Tensor* tensor = file->find(name);
    if (tensor == nullptr) return fail(ErrorKind::format, "{}: not a checkpoint: it has no tensor '{}'", path, name);
    if (tensor->dtype != DType::f64 || tensor->values.size() != parameters) {
      return fail(ErrorKind::format, "{}: '{}' must be {} numbers of float64 for this model, got {} of {}", path, name,
                  parameters, tensor->values.size(), tensor->dtype == DType::f64 ? "float64" : "float32");
    }
    *values = tensor->values;
  }
  return checkpoint;
}

}  // namespace gramian
