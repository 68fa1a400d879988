#include "gramian/runs/model_file.h"

#include <charconv>
#include <optional>

#include "gramian/base/assert.h"
#include "gramian/io/safetensors.h"
#include "gramian/models/keys.h"
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

// What the file says of the network, and what its weights are to be read as.
struct Header {
  NetworkSpec spec;                     // its kind is full: of the tensors as they are
  int n = 1;                            // context length of training
  std::optional<Parametrisation> kind;  // as written; none in files of other programs
  bool tied = false;
};

enum class Answer { no, yes };
constexpr auto kAnswers = words<Answer>({{Answer::yes, "true"}, {Answer::no, "false"}});

// A word of the metadata that must be one of a table; none where there is no such word.
template <class E, std::size_t N>
Expected<std::optional<E>> word_of(const TensorFile& file, const std::string& path, const char* key,
                                   const Words<E, N>& table) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) return std::nullopt;
  if (const std::optional<E> value = table.find(found->second)) return value;
  return fail(ErrorKind::format, "{}: metadata '{}' must be {}, got '{}'", path, key,
              fmt::join(table.texts, " or "), found->second);
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

// The size of the network, from the number of tensors and the shape of the first.
Expected<NetworkSpec> size_of(const TensorFile& file, const std::string& path) {
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
  return NetworkSpec{.kind = Parametrisation::full,
                     .d = static_cast<int>(shape[1]) - 1,
                     .layers = layers,
                     .heads = static_cast<int>(shape[0])};
}

Expected<Header> read_header(const TensorFile& file, const std::string& path) {
  Header header;
  header.spec = GRAMIAN_TRY(size_of(file, path));
  const auto scale = GRAMIAN_TRY(word_of(file, path, "context_scale", kContextScales));
  const auto query = GRAMIAN_TRY(word_of(file, path, "query_in_keys", kAnswers));
  const auto tied = GRAMIAN_TRY(word_of(file, path, "tied", kAnswers));
  header.kind = GRAMIAN_TRY(word_of(file, path, "kind", kParametrisations));
  header.tied = tied == Answer::yes;
  header.spec.context_scale = scale.value_or(ContextScale::sum);
  header.spec.query_in_keys = query == Answer::yes;
  if (header.spec.context_scale == ContextScale::mean)
    header.n = GRAMIAN_TRY(context_length(file, path));
  return header;
}

// P and Q of every layer, as the file has them.
Expected<std::vector<LayerWeights>> read_layers(const TensorFile& file, const std::string& path,
                                                const NetworkSpec& spec) {
  const std::vector<std::int64_t>& shape = file.find("layers.0.P")->shape;
  std::vector<LayerWeights> layers;
  for (int l = 0; l < spec.layers; ++l) {
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
    layers.push_back(std::move(weights));
  }
  return layers;
}

// The omegas of a layer, if its weights are exactly the expansion of some; D = rows.
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

// The layers as diag (two heads) or gdpp (one); none unless all are exactly that.
std::optional<Network> as_diagonal(NetworkSpec spec, const std::vector<LayerWeights>& layers) {
  const bool diag = spec.heads == 2;
  Network network{spec, {}};
  network.spec.kind = diag ? Parametrisation::diag : Parametrisation::gdpp;
  network.spec.heads = 1;
  for (const LayerWeights& weights : layers) {
    const auto omega = as_omega(weights, spec.rows());
    if (!omega) return std::nullopt;
    if (diag) {
      network.theta.insert(network.theta.end(), {omega->xx, omega->xy, omega->yx, omega->yy});
    } else {
      network.theta.insert(network.theta.end(), {omega->xx, omega->yx});
    }
  }
  return network;
}

// The layers as preconditioned; none unless all are exactly that. (Where 1/n was folded into P and
// out again, its -1 may have lost its last bit.)
std::optional<Network> as_preconditioned(NetworkSpec spec,
                                         const std::vector<LayerWeights>& layers) {
  if (spec.heads != 1) return std::nullopt;
  Network network{spec, {}};
  network.spec.kind = Parametrisation::preconditioned;
  const std::size_t rows = spec.rows(), d = rows - 1;
  for (int l = 0; l < spec.layers; ++l) {
    const LayerWeights& weights = layers[static_cast<std::size_t>(l)];
    for (std::size_t i = 0; i < d; ++i) {
      const double* row = weights.q.data() + i * rows;
      network.theta.insert(network.theta.end(), row, row + d);
    }
    for (std::size_t i = 0; i < d; ++i) network.theta.push_back(-weights.p[d * rows + i]);
  }
  for (int l = 0; l < spec.layers; ++l) {
    const LayerWeights& weights = layers[static_cast<std::size_t>(l)];
    const LayerWeights expected = network.expanded(l);
    if (expected.p != weights.p || expected.q != weights.q) return std::nullopt;
  }
  return network;
}

Network as_full(NetworkSpec spec, const std::vector<LayerWeights>& layers) {
  Network network{spec, {}};
  const auto size = static_cast<std::ptrdiff_t>(spec.rows() * spec.rows());
  for (const LayerWeights& weights : layers) {
    for (std::ptrdiff_t h = 0; h < spec.heads; ++h) {
      network.theta.insert(network.theta.end(), weights.p.begin() + h * size,
                           weights.p.begin() + (h + 1) * size);
      network.theta.insert(network.theta.end(), weights.q.begin() + h * size,
                           weights.q.begin() + (h + 1) * size);
    }
  }
  return network;
}

// The network that the file says it is. Where it says nothing, diagonal layers are read as such.
Network as_written(const Header& header, const std::vector<LayerWeights>& layers) {
  const std::optional<Parametrisation> kind = header.kind;
  std::optional<Network> network;
  if (kind == Parametrisation::preconditioned) {
    network = as_preconditioned(header.spec, layers);
  } else if (!kind || !NetworkSpec{.kind = *kind}.is_dense()) {
    network = as_diagonal(header.spec, layers);
  }
  return network ? *std::move(network) : as_full(header.spec, layers);
}

// One set of weights in place of L equal ones; false if they are not equal.
bool tie(Network& network) {
  const std::size_t size = network.spec.parameters_per_layer();
  for (std::size_t i = size; i < network.theta.size(); ++i) {
    if (network.theta[i] != network.theta[i - size]) return false;
  }
  network.spec.tied = true;
  network.theta.resize(size);
  return true;
}

}  // namespace

Status save_model(const std::string& path, const Network& network, int n,
                  const std::map<std::string, std::string>& notes) {
  GRAMIAN_ASSERT(n >= 1);
  const NetworkSpec& spec = network.spec;
  TensorFile file;
  file.metadata = {{"format", "gramian-model-1"},
                   {"family", "gram"},
                   {"convention", kConvention},
                   {"kind", name_of(spec.kind)},
                   {"context_scale", std::string(kContextScales.word(spec.context_scale))},
                   {"context_length", fmt::format("{}", n)},
                   {"query_in_keys", spec.query_in_keys ? "true" : "false"},
                   {"tied", spec.tied ? "true" : "false"}};
  file.metadata.insert(notes.begin(), notes.end());
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

Expected<ModelFile> load_model_file(const std::string& path) {
  const auto file = GRAMIAN_TRY(read_safetensors(path));
  GRAMIAN_TRY(require_finite(file, path));
  const auto header = GRAMIAN_TRY(read_header(file, path));
  auto layers = GRAMIAN_TRY(read_layers(file, path, header.spec));
  const double unfold = 1.0 / header.spec.context_factor(header.n);
  for (LayerWeights& weights : layers) {
    for (double& p : weights.p) p *= unfold;
  }
  ModelFile model{as_written(header, layers), header.n};
  if (header.tied && !tie(model.network)) {
    return fail(ErrorKind::format,
                "{}: metadata 'tied' is true, but the layers do not have the same weights", path);
  }
  return model;
}

Expected<Network> load_model(const std::string& path) {
  auto file = GRAMIAN_TRY(load_model_file(path));
  return std::move(file.network);
}

}  // namespace gramian
