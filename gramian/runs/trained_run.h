// A run that has been trained, read back: the model and the experiment it was trained in.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/models/network.h"
#include "gramian/runs/gram_family.h"
#include "gramian/runs/run_directory.h"

namespace gramian {

// Of any family. `overrides`: key=value settings that win over those of the run, such as
// "eval.prompts=1000". Errors: config and format for a model that does not fit the configuration
// beside it; io.
struct LoadedRun {
  std::unique_ptr<Experiment> experiment;  // with the overrides in place
  std::unique_ptr<Model> model;
};
Expected<LoadedRun> load_run(const RunDirectory& directory,
                             const std::vector<std::string>& overrides = {});

// What a command is given to examine: the directory of a run, or a model file of whatever origin
// and the configuration file of a task for it.
struct ModelSource {
  std::string path = {};
  std::string task = {};  // a TOML file; empty for the directory of a run

  bool is_file() const { return !task.empty(); }
};

// Errors: usage, for a file without a task and a directory with one; those of load_run; config, for
// a task of another dimension than the network's.
Status check_source(const ModelSource& source);
Expected<LoadedRun> load_source(const ModelSource& source,
                                const std::vector<std::string>& overrides = {});

// The configuration with those keys of [model] that describe this network, and with its d where no
// other is set. What it says of initial weights is left out. Errors: config.
Expected<Config> fitted_to(const Config& config, const NetworkSpec& network);

// Errors: usage, for a key=value that says how a model is trained; `run` names the model.
Status refuse_settings_of_training(const std::vector<std::string>& settings,
                                   const std::string& run);

// The weights with which a run in this directory began, made again: training is deterministic. A
// network that was trained first lies in the directory of the run. Empty where that one is missing.
std::vector<double> start_of(const Experiment& experiment, const std::string& directory,
                             ThreadPool& pool);

// Of a network on Gram matrices.
struct TrainedRun {
  GramExperiment experiment;
  Network network;  // as trained
};
// Errors: those of load_run; usage for a model of another family (require_gram).
Expected<TrainedRun> load_trained_run(const RunDirectory& directory,
                                      const std::vector<std::string>& overrides = {});
Expected<TrainedRun> load_trained_source(const ModelSource& source);

}  // namespace gramian
