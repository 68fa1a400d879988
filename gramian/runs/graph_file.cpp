#include "gramian/runs/graph_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "gramian/io/safetensors.h"
#include "gramian/runs/transformer_file.h"

namespace gramian {

namespace {

constexpr const char* kGraphKey = "graph";  // of the metadata

constexpr const char* kGraphConvention =
    "Nodes are rows of B [n, d] (incidence), Psi [n, k] (demands) and Phi [n, k], which begins as "
    "0. G = c B B^T, A = c (Phi diag query)(Phi diag key)^T, c = 1, 1/n (mean) or n (nodes) as the "
    "scale says. A layer is, "
    "all at once: B += B.keep B + B.read G B + B.couple A^T B; Psi += Psi diag Psi.keep + G Psi "
    "diag "
    "Psi.read + A^T Psi diag Psi.couple; Phi += Phi diag Phi.keep + G Phi diag Phi.read + A^T Phi "
    "diag Phi.couple + Psi diag Phi.from + G Psi diag Phi.from_read + A^T Psi diag "
    "Phi.from_couple. "
    "A tensor that is not there is 0; one number holds for all columns. Then the norm: B over its "
    "Frobenius norm, and [Psi | Phi] over its own (frobenius) or each column over its length "
    "(columns). The answer is Phi after the last layer.";

std::string spec_json(const GraphNetworkSpec& spec) {
  const nlohmann::ordered_json json{{"layers", spec.layers},
                                    {"columns", spec.columns},
                                    {"rewrites", spec.rewrites},
                                    {"couples", spec.couples},
                                    {"norm", kGraphNorms.word(spec.norm)},
                                    {"scale", kGraphScales.word(spec.scale)}};
  return json.dump();
}

Expected<GraphNetworkSpec> spec_from_json(const std::string& text, const std::string& path) {
  const auto fault = [&](const std::string& rule) {
    return fail(ErrorKind::format, "{}: description of a network on graphs: {}", path, rule);
  };
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || json.size() != 6) return fault("it must be an object of six fields");
  GraphNetworkSpec spec;
  for (const auto& [name, value] : json.items()) {
    const bool number = name == "layers" || name == "columns";
    const bool truth = name == "rewrites" || name == "couples";
    if (!number && !truth && name != "norm" && name != "scale")
      return fault("unknown field '" + name + "'");
    if (number && !(value.is_number_unsigned() && value.get<std::uint64_t>() <= 1'000'000))
      return fault(name + " must be a whole number of at most 1000000");
    if (truth && !value.is_boolean()) return fault(name + " must be true or false");
    if (name == "layers") spec.layers = value.get<int>();
    if (name == "columns") spec.columns = value.get<int>();
    if (name == "rewrites") spec.rewrites = value.get<bool>();
    if (name == "couples") spec.couples = value.get<bool>();
    if (name == "scale") {
      const auto scale =
          value.is_string() ? kGraphScales.find(value.get<std::string>()) : std::nullopt;
      if (!scale) return fault("scale must be one, mean or nodes");
      spec.scale = *scale;
    }
    if (name == "norm") {
      const auto norm =
          value.is_string() ? kGraphNorms.find(value.get<std::string>()) : std::nullopt;
      if (!norm) return fault("norm must be none, frobenius or columns");
      spec.norm = *norm;
    }
  }
  if (const Status status = spec.check(); !status) return fault(status.error().message);
  return spec;
}

Expected<GraphNetwork> with_numbers(const TensorFile& file, const std::string& path,
                                    const GraphNetworkSpec& spec) {
  GRAMIAN_TRY(require_finite(file, path));
  GraphNetwork network{spec, {}};
  const auto parameters = spec.parameters();
  for (const Parameter& parameter : parameters) {
    const Tensor* tensor = file.find(parameter.name);
    const std::vector<std::int64_t> shape{parameter.rows, parameter.columns};
    if (tensor == nullptr || tensor->shape != shape) {
      return fail(ErrorKind::format, "{}: it needs a tensor '{}' of shape [{}, {}]", path,
                  parameter.name, parameter.rows, parameter.columns);
    }
    network.theta.insert(network.theta.end(), tensor->values.begin(), tensor->values.end());
  }
  if (parameters.size() != file.tensors.size()) {
    return fail(ErrorKind::format, "{}: {} tensors in place of {}", path, file.tensors.size(),
                parameters.size());
  }
  return network;
}

}  // namespace

Status save_graph_network(const std::string& path, const AnyGraphNetwork& network,
                          const std::map<std::string, std::string>& notes) {
  if (network.full) {
    auto all = notes;
    all.insert_or_assign("family", "graph");
    return save_transformer(path, *network.full, all);
  }
  const GraphNetwork& efficient = network.efficient;
  TensorFile file;
  file.metadata = {{"format", "gramian-graph-1"},
                   {"family", "graph"},
                   {"convention", kGraphConvention},
                   {kGraphKey, spec_json(efficient.spec)}};
  for (const auto& [name, text] : notes) file.metadata.insert_or_assign(name, text);
  file.tensors = tensors_of(efficient.spec.parameters(), efficient.theta);
  return write_safetensors(path, file);
}

Expected<AnyGraphNetwork> load_graph_network(const std::string& path) {
  const auto file = GRAMIAN_TRY(read_safetensors(path));
  const auto described = file.metadata.find(kGraphKey);
  if (described == file.metadata.end()) {
    auto full = load_transformer(path);
    if (!full) return std::unexpected(full.error());
    return AnyGraphNetwork{.full = std::make_shared<const Transformer>(std::move(*full))};
  }
  const auto spec = GRAMIAN_TRY(spec_from_json(described->second, path));
  auto network = with_numbers(file, path, spec);
  if (!network) return std::unexpected(network.error());
  return AnyGraphNetwork{.efficient = std::move(*network)};
}

}  // namespace gramian
