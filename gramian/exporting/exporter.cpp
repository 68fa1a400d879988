#include "gramian/exporting/exporter.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "gramian/base/assert.h"
#include "gramian/base/words.h"
#include "gramian/exporting/cpp_source.h"
#include "gramian/exporting/numpy_source.h"
#include "gramian/exporting/onnx_model.h"

namespace gramian {

namespace {

constexpr auto kFormats = words<ExportFormat>({{ExportFormat::numpy, "numpy"},
                                               {ExportFormat::cpp, "c++"},
                                               {ExportFormat::onnx, "onnx"},
                                               {ExportFormat::torch, "torch"},
                                               {ExportFormat::jax, "jax"}});

}  // namespace

Expected<ExportFormat> export_format(std::string_view name) {
  if (const auto known = kFormats.find(name)) return *known;
  return fail(ErrorKind::usage, "--to must be one of {}, got '{}'", fmt::join(kFormats.texts, ", "),
              name);
}

const char* export_file_name(ExportFormat format) {
  switch (format) {
    case ExportFormat::numpy:
      return "learned.py";
    case ExportFormat::cpp:
      return "learned.h";
    case ExportFormat::onnx:
      return "learned.onnx";
    case ExportFormat::torch:
      return "learned_torch.py";
    case ExportFormat::jax:
      return "learned_jax.py";
  }
  return "";
}

Expected<std::string> export_model(const ExportSource& source, ExportFormat format) {
  GRAMIAN_ASSERT(source.network.theta.size() == source.network.spec.parameters());
  if (source.network.spec.query_in_keys) {
    return fail(ErrorKind::config,
                "[model.query_in_keys] must be false for an export: with it each query changes the "
                "Gram matrix");
  }
  switch (format) {
    case ExportFormat::numpy:
      return numpy_source(source);
    case ExportFormat::cpp:
      return cpp_source(source);
    case ExportFormat::onnx:
      return onnx_model(source);
    case ExportFormat::torch:
      return torch_source(source);
    case ExportFormat::jax:
      return jax_source(source);
  }
  return {};
}

bool layers_are_equal(const Network& network) {
  const NetworkSpec& spec = network.spec;
  GRAMIAN_ASSERT(network.theta.size() == spec.parameters());
  if (spec.tied) return true;
  const auto size = static_cast<std::ptrdiff_t>(spec.parameters_per_layer());
  const auto first = network.theta.begin();
  for (int layer = 1; layer < spec.layers; ++layer) {
    if (!std::equal(first, first + size, first + layer * size)) return false;
  }
  return spec.layers > 1;
}

std::string describe_network(const Network& network) {
  const NetworkSpec& spec = network.spec;
  return fmt::format("{}, {}{} layer{}{}", kKindPhrases.word(spec.kind), spec.layers,
                     layers_are_equal(network) ? " tied" : "", spec.layers == 1 ? "" : "s",
                     spec.heads > 1 ? fmt::format(", {} heads", spec.heads) : "");
}

}  // namespace gramian
