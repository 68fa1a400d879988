// Classical solvers on arrays of prompts.
#include "common.h"

namespace gramian::python {

namespace {

OutArray solve(const Settings& settings, const std::string& name, int steps,
               const std::vector<double>& constants, const InArray& gram, const InArray& sigma,
               int threads) {
  auto g = std::make_shared<api::Array>(array_of(gram, "gram"));
  auto s = std::make_shared<api::Array>(array_of(sigma, "sigma"));
  return to_numpy(await_result({}, [=]() -> Expected<api::Array> {
    const auto problem = GRAMIAN_TRY(api::configure(settings));
    return api::solve(problem.task, {name, steps, constants}, *g, *s, threads);
  }));
}

nb::list tune(const Settings& settings, const std::vector<std::string>& names, int steps) {
  const auto tuned = await_result({}, [=]() -> Expected<std::vector<api::TunedSolver>> {
    const auto problem = GRAMIAN_TRY(api::configure(settings));
    return api::tune(problem, names, steps);
  });
  nb::list all;
  for (const auto& solver : tuned) {
    nb::dict constants;
    for (const auto& constant : solver.constants) constants[constant.name.c_str()] = constant.value;
    all.append(nb::make_tuple(solver.name, solver.undefined, constants));
  }
  return all;
}

}  // namespace

void bind_solvers(nb::module_& module) {
  module.def("solve", solve, "settings"_a, "name"_a, "steps"_a, "constants"_a, "gram"_a, "sigma"_a,
             "threads"_a, "The weights that a solver finds for each prompt, [B, d].");
  module.def("tune", tune, "settings"_a, "names"_a, "steps"_a,
             "Name, reason why it is undefined, and constants of each solver.");
  module.def("solver_names", api::solver_names);
}

}  // namespace gramian::python
