#include "gramian/runs/trained_run.h"

namespace gramian {

Expected<LoadedRun> load_run(const RunDirectory& directory,
                             const std::vector<std::string>& overrides) {
  const auto config = GRAMIAN_TRY(load_config(directory.config(), overrides));
  auto experiment = GRAMIAN_TRY(make_experiment(config));
  auto model = GRAMIAN_TRY(experiment->load(directory.model()));
  return LoadedRun{std::move(experiment), std::move(model)};
}

Expected<TrainedRun> load_trained_run(const RunDirectory& directory,
                                      const std::vector<std::string>& overrides) {
  const auto config = GRAMIAN_TRY(load_config(directory.config(), overrides));
  auto experiment = GRAMIAN_TRY(gram_experiment(config, directory.model()));
  const auto model = GRAMIAN_TRY(experiment.load(directory.model()));
  return TrainedRun{std::move(experiment), *model->gram()};
}

}  // namespace gramian
