// The learned algorithm as a file of its own.
#include "common.h"
#include "gramian/exporting/exporter.h"

namespace gramian::python {

void bind_exporting(nb::module_& module) {
  module.def(
      "export_network",
      [](const Network& network, int n, const std::string& format, const std::string& origin,
         const std::string& task) {
        const auto known = value(export_format(format));
        const auto bytes = value(export_model({network, n, origin, task}, known));
        return nb::bytes(bytes.data(), bytes.size());
      },
      "network"_a, "n"_a, "format"_a, "origin"_a, "task"_a,
      "The bytes of the file: numpy, c++ or onnx, or torch or jax.");
  module.def("describe_network", describe_network, "network"_a, "DIAG, 7 layers");
}

}  // namespace gramian::python
