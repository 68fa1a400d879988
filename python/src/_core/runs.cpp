// Runs in directories, of every family of models.
#include "common.h"
#include "gramian/runs/run_directory.h"

namespace gramian::python {

namespace {

nb::dict train_run(const Settings& settings, const std::string& directory, bool resume, bool quiet,
                   const std::string& command) {
  const Interrupt interrupt;
  const auto result = await_result(interrupt, [=]() -> Expected<TrainRunResult> {
    const auto config = GRAMIAN_TRY(parse_config("", "the settings", settings));
    return gramian::train_run(config, directory,
                              {.resume = resume,
                               .command_line = command,
                               .interrupted = interrupt.asked(),
                               .quiet = quiet,
                               .abandon = interrupt.asked()});
  });
  nb::dict summary;
  summary["steps"] = result.steps;
  summary["seconds"] = result.seconds;
  summary["dropped"] = result.dropped;
  summary["already_done"] = result.already_done;
  return summary;
}

std::pair<std::string, std::string> evaluate_run(const std::string& directory,
                                                 const Settings& settings) {
  const Interrupt interrupt;
  const auto stages = stages_of({}, interrupt);
  const auto report =
      await_result(interrupt, [=] { return api::evaluate_run(directory, settings, stages); });
  return {report.table, report.json};
}

}  // namespace

void bind_runs(nb::module_& module) {
  module.def("train_run", train_run, "settings"_a, "directory"_a, "resume"_a, "quiet"_a,
             "command"_a, "Trains into the directory of a run.");
  module.def("evaluate_run", evaluate_run, "directory"_a, "settings"_a,
             "Evaluates the model of a run, as gramian eval.");
}

}  // namespace gramian::python
