// A finished run of a network on Gram matrices, read back: the network and the experiment it was
// trained in.
#pragma once

#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/models/network.h"
#include "gramian/runs/gram_family.h"
#include "gramian/runs/run_directory.h"

namespace gramian {

struct TrainedRun {
  GramExperiment experiment;  // with the overrides in place
  Network network;            // as trained
};

// `overrides`: key=value settings that win over those of the run, such as "eval.prompts=1000".
// Errors: usage for a model of another family (require_gram); config and format for a model that
// does not fit the configuration beside it; io.
Expected<TrainedRun> load_trained_run(const RunDirectory& directory,
                                      const std::vector<std::string>& overrides = {});

}  // namespace gramian
