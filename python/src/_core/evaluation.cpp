// Evaluation and explanation, as the JSON that the program writes.
#include "common.h"

namespace gramian::python {

namespace {

std::pair<std::string, std::string> evaluate(const Settings& settings,
                                             std::optional<Network> network,
                                             std::optional<nb::callable> progress) {
  const Interrupt interrupt;
  const auto stages = stages_of(std::move(progress), interrupt);
  const auto report = await_result(interrupt, [=]() -> Expected<EvaluationReport> {
    const auto problem = GRAMIAN_TRY(network ? api::configure_for(network->spec, settings)
                                             : api::configure(settings));
    return api::evaluate(problem, network ? &*network : nullptr, stages);
  });
  return {report.table, report.json};
}

std::pair<std::string, std::string> explain(const Settings& settings, const Network& network,
                                            const nb::dict& options, const std::string& name,
                                            std::optional<nb::callable> progress) {
  ExplainOptions how;
  how.seed = nb::cast<std::uint64_t>(options["seed"]);
  how.sigmas = nb::cast<std::vector<double>>(options["sigmas"]);
  how.eval_prompts = nb::cast<std::uint64_t>(options["prompts"]);
  how.blowup_prompts = nb::cast<std::uint64_t>(options["blowup_prompts"]);
  how.retrain_steps = nb::cast<std::int64_t>(options["retrain_steps"]);
  how.retrain_starts = nb::cast<int>(options["retrain_starts"]);
  how.algorithm_steps = nb::cast<int>(options["steps"]);
  const Interrupt interrupt;
  const auto told = progress_of(std::move(progress), interrupt);
  const auto report = await_result(interrupt, [=]() -> Expected<api::ExplanationReport> {
    const auto problem = GRAMIAN_TRY(api::configure_for(network.spec, settings));
    return api::explain(problem, network, how, name, told);
  });
  return {report.text, report.json};
}

}  // namespace

void bind_evaluation(nb::module_& module) {
  module.def("evaluate", evaluate, "settings"_a, "network"_a = nb::none(),
             "progress"_a = nb::none(), "The table and the JSON of gramian eval.");
  module.def("explain", explain, "settings"_a, "network"_a, "options"_a, "name"_a,
             "progress"_a = nb::none(), "The words and the JSON of gramian explain.");
}

}  // namespace gramian::python
