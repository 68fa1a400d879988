#include "gramian/runs/trained_run.h"

#include "gramian/runs/model_file.h"

namespace gramian {

Expected<TrainedRun> load_trained_run(const RunDirectory& directory,
                                      const std::vector<std::string>& overrides) {
  const auto config = GRAMIAN_TRY(load_config(directory.config(), overrides));
  auto experiment = GRAMIAN_TRY(make_experiment(config));
  if (experiment.tokens) {
    return fail(ErrorKind::usage,
                "{} is a transformer on tokens ([model.kind] transformer); this is for linear "
                "transformers, which work "
                "on Gram matrices; gramian eval takes both",
                directory.model());
  }
  auto network = GRAMIAN_TRY(load_model(directory.model()));
  if (network.spec.d != experiment.task.d()) {
    return fail(ErrorKind::config, "[task.d] is {}, but the model of {} was trained for d = {}",
                experiment.task.d(), directory.model(), network.spec.d);
  }
  const NetworkSpec& trained = experiment.network;
  if (network.spec.layers != trained.layers ||
      network.spec.query_in_keys != trained.query_in_keys) {
    return fail(ErrorKind::format,
                "{} is not the model of {}: it has {} layers and query_in_keys = {}, not {} and {}",
                directory.model(), directory.config(), network.spec.layers,
                network.spec.query_in_keys, trained.layers, trained.query_in_keys);
  }
  return TrainedRun{std::move(experiment), std::move(network)};
}

}  // namespace gramian
