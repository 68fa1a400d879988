#include "gramian/runs/trained_run.h"

namespace gramian {

Expected<LoadedRun> load_run(const RunDirectory& directory,
                             const std::vector<std::string>& overrides) {
  const auto config = GRAMIAN_TRY(load_config(directory.config(), overrides));
  auto experiment = GRAMIAN_TRY(make_experiment(config));
  auto model = GRAMIAN_TRY(experiment->load(directory.model()));
  return LoadedRun{std::move(experiment), std::move(model)};
}

std::vector<double> start_of(const Experiment& experiment, const std::string& directory,
                             ThreadPool& pool) {
  const auto begun =
      experiment.begin(pool, [&](const Config&, const std::string& name) -> Expected<std::string> {
        return fmt::format("{}/{}/model.safetensors", directory, name);
      });
  return begun ? (*begun)->theta() : std::vector<double>();
}

Expected<TrainedRun> load_trained_run(const RunDirectory& directory,
                                      const std::vector<std::string>& overrides) {
  const auto config = GRAMIAN_TRY(load_config(directory.config(), overrides));
  auto experiment = GRAMIAN_TRY(gram_experiment(config, directory.model()));
  const auto model = GRAMIAN_TRY(experiment.load(directory.model()));
  return TrainedRun{std::move(experiment), *model->gram()};
}

}  // namespace gramian
