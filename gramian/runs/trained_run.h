// A finished run, read back: the network and the experiment it was trained in.
#pragma once

#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/models/network.h"
#include "gramian/runs/experiment.h"
#include "gramian/runs/run_directory.h"

namespace gramian {

struct TrainedRun {
  Experiment experiment;  // with the overrides in place
  Network network;        // as trained
};

// `overrides`: key=value settings that win over those of the run, such as "eval.prompts=1000".
// Refuses a model that does not fit the configuration beside it.
Expected<TrainedRun> load_trained_run(const RunDirectory& directory,
                                      const std::vector<std::string>& overrides = {});

}  // namespace gramian
