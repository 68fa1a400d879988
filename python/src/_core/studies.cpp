// Studies of papers, whole or unit by unit.
#include "common.h"

namespace gramian::python {

namespace {

StudyOptions options_of(const std::string& directory, int seeds, std::int64_t steps, bool quick,
                        const std::string& only, int threads, const std::string& command,
                        bool quiet) {
  return {.directory = directory,
          .seeds = seeds,
          .effort = {.steps = steps, .quick = quick, .only = only},
          .threads = threads,
          .command_line = command,
          .quiet = quiet};
}

nb::list studies() {
  nb::list all;
  for (const Study& study : all_studies()) {
    nb::dict entry;
    entry["name"] = std::string(study.name);
    entry["title"] = std::string(study.title);
    entry["place"] = std::string(study.place);
    entry["paper"] = std::string(study.paper->name);
    entry["arxiv"] = std::string(study.paper->arxiv);
    all.append(entry);
  }
  return all;
}

}  // namespace

void bind_studies(nb::module_& module) {
  nb::class_<StudyOptions>(module, "StudyOptions")
      .def(
          "__init__",
          [](StudyOptions* self, const std::string& directory, int seeds, std::int64_t steps,
             bool quick, const std::string& only, int threads, const std::string& command,
             bool quiet) {
            new (self) StudyOptions(
                options_of(directory, seeds, steps, quick, only, threads, command, quiet));
          },
          "directory"_a, "seeds"_a, "steps"_a, "quick"_a, "only"_a, "threads"_a, "command"_a,
          "quiet"_a);
  module.def("studies", studies, "Name, title, place and paper of every study.");
  module.def(
      "units",
      [](const std::string& study, const StudyOptions& options) {
        const Study* known = value(api::require_study(study));
        nb::list all;
        for (const auto& unit : value(api::units_of_study(*known, options)))
          all.append(nb::make_tuple(unit.name, unit.cost, unit.done));
        return all;
      },
      "study"_a, "options"_a, "Name, cost and whether it is done, of each unit.");
  module.def(
      "carry_out_unit",
      [](const std::string& study, const std::string& unit, const StudyOptions& options) {
        const Study* known = value(api::require_study(study));
        const Interrupt interrupt;
        await_result(interrupt, [=]() -> Status {
          StudyOptions how = options;
          how.interrupted = interrupt.asked();
          return api::carry_out_unit(*known, unit, how);
        });
      },
      "study"_a, "unit"_a, "options"_a, "Trains and evaluates one unit.");
  module.def(
      "reproduce",
      [](const std::string& study, const StudyOptions& options) {
        const Study* known = value(api::require_study(study));
        const Interrupt interrupt;
        return await_result(interrupt, [=]() -> Expected<std::string> {
          StudyOptions how = options;
          how.interrupted = interrupt.asked();
          return to_json(GRAMIAN_TRY(reproduce(*known, how)));
        });
      },
      "study"_a, "options"_a, "Carries the study out and returns its results as JSON.");
}

}  // namespace gramian::python
