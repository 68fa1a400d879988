#include "gramian/runs/model_file.h"

#include <charconv>
#include <optional>

#include "gramian/io/safetensors.h"
#include "gramian/tasks/task.h"

namespace gramian {

namespace {

constexpr const char* kConvention =
    "Each layer l = 0..L-1 updates every token e = (x, y) of size d+1, the query token (x_t, 0) "
    "too: "
    "e' = e + sum_h P_h G Q_h e, where P = layers.{l}.P, Q = layers.{l}.Q have shape [H, d+1, d+1] "
    "and "
    "G = sum over the n context tokens of e e^T (no 1/n; the query token is added where "
    "query_in_keys is true). "
    "prediction = minus the last coordinate of the query token after the last layer. "
    "Where context_scale is mean, P holds the factor 1/context_length of training.";

// The omegas, if the weights are exactly the expansion of some (with D the size of e).
std::optional<Omega> as_omega(const LayerWeights& weights, std::size_t rows) {
  const std::size_t size = rows * rows;
  if (weights.heads > 2) return std::nullopt;
  Omega omega{.xx = weights.p[0], .yx = weights.p[size - 1]};
  if (weights.heads == 2) {
    omega.xy = weights.p[size];
    omega.yy = weights.p[2 * size - 1];
  }
  const LayerWeights expected = expand(omega, static_cast<int>(rows) - 1, weights.heads);
  if (expected.p != weights.p || expected.q != weights.q) return std::nullopt;
  return omega;
}

// A word of the metadata that must be one of two: is it the first? `fallback` stands for no word.
Expected<bool> is_first(const TensorFile& file, const std::string& path, const char* key,
                        std::string_view first, std::string_view second, bool fallback) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) return fallback;
  if (found->second == first || found->second == second) return found->second == first;
  return fail(ErrorKind::format, "{}: metadata '{}' must be {} or {}, got '{}'", path, key, first,
              second, found->second);
}

Expected<int> context_length(const TensorFile& file, const std::string& path) {
  const auto found = file.metadata.find("context_length");
  int n = 0;
  if (found != file.metadata.end()) {
    const std::string& text = found->second;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), n);
    if (end.ec == std::errc() && end.ptr == text.data() + text.size() && n >= 1) return n;
  }
  return fail(
      ErrorKind::format,
      "{}: metadata 'context_scale' is mean, so 'context_length' must be an integer >= 1, got {}",
      path, found == file.metadata.end() ? "none" : "'" + found->second + "'");
}

}  // namespace

Status save_model(const std::string& path, const Network& network, int n) {
  const NetworkSpec& spec = network.spec;
  TensorFile file;
  file.metadata = {{"format", "gramian-model-1"},
                   {"convention", kConvention},
                   {"kind", name_of(spec.kind)},
                   {"context_scale", spec.context_scale == ContextScale::mean ? "mean" : "sum"},
                   {"context_length", fmt::format("{}", n)},
                   {"query_in_keys", spec.query_in_keys ? "true" : "false"},
                   {"tied", spec.tied ? "true" : "false"}};
  const auto rows = static_cast<std::int64_t>(spec.rows());
  const double factor = spec.context_factor(n);
  for (int l = 0; l < spec.layers; ++l) {
    LayerWeights weights = network.expanded(l);
    for (double& p : weights.p) p *= factor;
    const std::vector<std::int64_t> shape{weights.heads, rows, rows};
    file.tensors.push_back(
        {fmt::format("layers.{}.P", l), DType::f64, shape, std::move(weights.p)});
    file.tensors.push_back(
        {fmt::format("layers.{}.Q", l), DType::f64, shape, std::move(weights.q)});
  }
  return write_safetensors(path, file);
}

Expected<Network> load_model(const std::string& path) {
  auto file = GRAMIAN_TRY(read_safetensors(path));
  GRAMIAN_TRY(require_finite(file, path));

  const auto layers = static_cast<int>(file.tensors.size() / 2);
  const Tensor* first = file.find("layers.0.P");
  if (first == nullptr)
    return fail(ErrorKind::format, "{}: not a model: it has no tensor 'layers.0.P'", path);
  if (file.tensors.size() % 2 != 0) {
    return fail(ErrorKind::format,
                "{}: {} tensors: layers must have a P and a Q each, and there must be nothing else",
                path, file.tensors.size());
  }
  if (layers > kMaxLayers) {
    return fail(ErrorKind::format, "{}: a model may have at most {} layers, got {}", path,
                kMaxLayers, layers);
  }
  const std::vector<std::int64_t>& shape = first->shape;
  if (shape.size() != 3 || shape[0] < 1 || shape[0] > kMaxHeads || shape[1] != shape[2] ||
      shape[1] < 2 || shape[1] > kMaxDimension + 1) {
    return fail(ErrorKind::format,
                "{}: 'layers.0.P' must have shape [H, d+1, d+1] with H <= {}, d <= {}, got [{}]",
                path, kMaxHeads, kMaxDimension, fmt::join(shape, ", "));
  }

  const auto mean = GRAMIAN_TRY(is_first(file, path, "context_scale", "mean", "sum", false));
  const auto query_in_keys =
      GRAMIAN_TRY(is_first(file, path, "query_in_keys", "true", "false", false));

  NetworkSpec spec{.kind = Parametrisation::full,
                   .d = static_cast<int>(shape[1]) - 1,
                   .layers = layers,
                   .heads = static_cast<int>(shape[0]),
                   .context_scale = mean ? ContextScale::mean : ContextScale::sum,
                   .query_in_keys = query_in_keys};
  double unfold = 1.0;
  if (spec.context_scale == ContextScale::mean) {
    const auto n = GRAMIAN_TRY(context_length(file, path));
    unfold = 1.0 / spec.context_factor(n);
  }

  std::vector<LayerWeights> all;
  std::vector<Omega> omegas;
  for (int l = 0; l < layers; ++l) {
    LayerWeights weights{spec.heads, {}, {}};
    for (const char* part : {"P", "Q"}) {
      const std::string name = fmt::format("layers.{}.{}", l, part);
      const Tensor* tensor = file.find(name);
      if (tensor == nullptr) {
        return fail(
            ErrorKind::format,
            "{}: {} tensors, but no '{}': layers must be numbered from 0, with a P and a Q each",
            path, file.tensors.size(), name);
      }
      if (tensor->shape != shape) {
        return fail(ErrorKind::format, "{}: '{}' has shape [{}], but 'layers.0.P' has [{}]", path,
                    name, fmt::join(tensor->shape, ", "), fmt::join(shape, ", "));
      }
      (part[0] == 'P' ? weights.p : weights.q) = tensor->values;
    }
    for (double& p : weights.p) p *= unfold;
    if (const auto omega = as_omega(weights, spec.rows())) omegas.push_back(*omega);
    all.push_back(std::move(weights));
  }

  Network network{spec, {}};
  if (omegas.size() == all.size()) {
    network.spec.kind = spec.heads == 2 ? Parametrisation::diag : Parametrisation::gdpp;
    network.spec.heads = 1;
    for (const Omega& o : omegas) {
      if (spec.heads == 2) {
        network.theta.insert(network.theta.end(), {o.xx, o.xy, o.yx, o.yy});
      } else {
        network.theta.insert(network.theta.end(), {o.xx, o.yx});
      }
    }
    return network;
  }
  const auto size = static_cast<std::ptrdiff_t>(spec.rows() * spec.rows());
  for (const LayerWeights& weights : all) {
    for (std::ptrdiff_t h = 0; h < spec.heads; ++h) {
      network.theta.insert(network.theta.end(), weights.p.begin() + h * size,
                           weights.p.begin() + (h + 1) * size);
      network.theta.insert(network.theta.end(), weights.q.begin() + h * size,
                           weights.q.begin() + (h + 1) * size);
    }
  }
  return network;
}

}  // namespace gramian
