// The extension module gramian._core: thin over the facade (gramian/api.h). The package
// (python/src/gramian) is what people import.
#include "common.h"
#include "gramian/cli/program.h"
#include "gramian/lanes/target.h"

namespace gramian::python {

namespace {

// The program, as the console script of the package runs it.
int run_program(std::vector<std::string> arguments) {
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const nb::gil_scoped_release free;
  return cli::run_program(static_cast<int>(arguments.size()), pointers.data());
}

}  // namespace

}  // namespace gramian::python

NB_MODULE(_core, module) {
  using namespace gramian::python;
  module.doc() = "The compiled part of gramian; import gramian instead.";
  module.attr("DivergedError") = nanobind::steal(PyErr_NewExceptionWithDoc(
      "gramian.DivergedError", "A training or another computation left the finite numbers.",
      PyExc_ArithmeticError, nullptr));
  if (const auto usable = gramian::check_processor(); !usable) raise(usable.error());
  module.attr("__version__") = GRAMIAN_VERSION;
  module.def("simd_target", gramian::simd_target, "The instruction set of the kernels in use.");
  module.def("run_program", run_program, nanobind::arg("arguments"),
             "Runs the program gramian with these arguments and returns its exit status.");
  bind_tasks(module);
  bind_networks(module);
  bind_training(module);
  bind_solvers(module);
  bind_evaluation(module);
  bind_exporting(module);
  bind_tabular(module);
  bind_runs(module);
  bind_studies(module);
}
