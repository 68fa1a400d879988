#include "gramian/api/problem.h"

#include <algorithm>
#include <memory>

#include "gramian/evaluation/baselines.h"
#include "gramian/explain/page.h"
#include "gramian/explain/text.h"
#include "gramian/parallel/pool.h"
#include "gramian/runs/trained_run.h"

namespace gramian::api {

Expected<Problem> configure(const std::vector<std::string>& settings, std::string_view toml) {
  const auto config = GRAMIAN_TRY(parse_config(toml, "the configuration", settings));
  return gram_experiment(config);
}

Expected<Problem> configure_for(const NetworkSpec& network, std::vector<std::string> settings,
                                std::string_view toml) {
  const auto config = GRAMIAN_TRY(parse_config(toml, "the configuration", settings));
  const auto fitted = GRAMIAN_TRY(fitted_to(config, network));
  return gram_experiment(fitted);
}

Expected<Network> train(const Problem& problem, const Watch& watch, const Network* start) {
  ThreadPool pool(problem.run.threads);
  const auto no_directory = [](const Config&, const std::string&) -> Expected<std::string> {
    return fail(ErrorKind::config,
                "[model.init] gdpp trains another network first, in the directory of a run: train "
                "into one, or take gdpp_optimum");
  };
  if (start != nullptr && start->theta.size() != problem.network.parameters()) {
    return fail(ErrorKind::config, "start: {} weights, where the network has {}",
                start->theta.size(), problem.network.parameters());
  }
  const auto loop =
      GRAMIAN_TRY(start != nullptr ? problem.loop_from(start->theta, problem.train, pool)
                                   : problem.begin(pool, no_directory));
  loop->abandon_when(watch.stop);
  while (!loop->done()) {
    if (watch.stop && watch.stop())
      return fail(ErrorKind::interrupted, "training was interrupted after {} of {} steps",
                  loop->steps_done(), problem.train.steps);
    const StepReport report = GRAMIAN_TRY(loop->step());
    if (watch.on_step) watch.on_step(report);
  }
  return Network{problem.network, loop->theta()};
}

Expected<EvaluationReport> evaluate(const Problem& problem, const Network* network,
                                    const StageProgress& progress) {
  ThreadPool pool(problem.run.threads);
  return problem.compare(network, pool, progress);
}

Expected<ExplanationReport> explain(const Problem& problem, const Network& network,
                                    const ExplainOptions& options, const std::string& name,
                                    const ProgressFunction& progress) {
  ThreadPool pool(problem.run.threads);
  const Explanation explanation =
      GRAMIAN_TRY(gramian::explain(problem.task, network, problem.train, options, pool, progress));
  return ExplanationReport{to_text(explanation), to_json(explanation, to_study(explanation, name))};
}

}  // namespace gramian::api
