#include "gramian/runs/trained_run.h"

#include <filesystem>
#include <string_view>

#include "gramian/models/keys.h"

namespace gramian {

namespace {

// Of a model file: the configuration of a task, with what the file says of its network.
Expected<Config> config_of_file(const ModelSource& source,
                                const std::vector<std::string>& overrides) {
  auto config = GRAMIAN_TRY(load_config(source.task, overrides));
  const auto model = GRAMIAN_TRY(load_any(source.path));
  if (const Network* network = model->gram()) return fitted_to(config, network->spec);
  return config.with({"model.kind=transformer", "model.described=true"});
}

}  // namespace

Status refuse_settings_of_training(const std::vector<std::string>& settings,
                                   const std::string& run) {
  for (const std::string& setting : settings) {
    const Key* key = key_table().find(std::string_view(setting).substr(0, setting.find('=')));
    const bool fixed = key != nullptr && key->affects == Affects::weights;
    if (fixed) {
      return fail(ErrorKind::usage,
                  "'{}': the model of {} is trained already; only task.*, eval.* and train.threads "
                  "can be changed",
                  setting, run);
    }
  }
  return {};
}

Expected<Config> fitted_to(const Config& config, const NetworkSpec& network) {
  if (config.is_set("task.d") && config.integer("task.d") != network.d) {
    return fail(ErrorKind::config, "[task.d] is {} ({}), but the network has d = {}",
                config.integer("task.d"), config.where("task.d"), network.d);
  }
  std::vector<std::string> settings = {
      fmt::format("task.d={}", network.d),
      fmt::format("model.kind={}", name_of(network.kind)),
      fmt::format("model.layers={}", network.layers),
      fmt::format("model.heads={}", network.heads),
      fmt::format("model.tied={}", network.tied),
      fmt::format("model.context_scale={}", kContextScales.word(network.context_scale)),
      fmt::format("model.query_in_keys={}", network.query_in_keys),
      "model.init=gd"};
  // Where the query is among the keys there is no other way to train and to evaluate.
  if (network.query_in_keys) {
    settings.insert(settings.end(), {"train.query=sampled", "eval.query=sampled"});
  }
  return config.with(settings);
}

Status check_source(const ModelSource& source) {
  std::error_code ignored;
  const bool directory = std::filesystem::is_directory(source.path, ignored);
  if (directory && source.is_file()) {
    return fail(ErrorKind::usage,
                "--task {}: {} is the directory of a run, which has a task of its own", source.task,
                source.path);
  }
  if (!directory && !source.is_file() && std::filesystem::exists(source.path, ignored)) {
    return fail(ErrorKind::usage,
                "{} is a file and no directory of a run: say with --task FILE.toml which task it "
                "is for",
                source.path);
  }
  return {};
}

Expected<LoadedRun> load_source(const ModelSource& source,
                                const std::vector<std::string>& overrides) {
  GRAMIAN_TRY(check_source(source));
  if (!source.is_file()) {
    const auto directory = GRAMIAN_TRY(RunDirectory::open(source.path));
    return load_run(directory, overrides);
  }
  const auto config = GRAMIAN_TRY(config_of_file(source, overrides));
  auto experiment = GRAMIAN_TRY(make_experiment(config));
  auto model = GRAMIAN_TRY(experiment->load(source.path));
  return LoadedRun{std::move(experiment), std::move(model)};
}

Expected<TrainedRun> load_trained_source(const ModelSource& source) {
  const auto run = GRAMIAN_TRY(load_source(source));
  const GramExperiment* gram = GRAMIAN_TRY(require_gram(*run.experiment, source.path));
  return TrainedRun{*gram, *run.model->gram()};
}

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
