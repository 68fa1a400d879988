// Training into a run directory: checkpoints, metrics, progress, interruption and resume.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/runs/family.h"
#include "gramian/runs/keys.h"
#include "gramian/runs/run_directory.h"

namespace gramian {

struct TrainRunOptions {
  // Go on from the last checkpoint of an existing directory; begin if there is none.
  bool resume = false;
  std::string command_line;
  std::function<bool()> interrupted;  // polled after each step; true saves and stops
  bool quiet = false;                 // no progress bar
  MakeExperiment make = make_experiment;
};

struct TrainRunResult {
  RunDirectory directory;
  std::int64_t first_step = 0;  // steps that were done before
  std::int64_t steps = 0;       // steps done now
  double seconds = 0;           // of training, in all
  std::int64_t dropped = 0;     // prompts left out of the loss because the network exploded on them
  bool already_done = false;
};

// Errors: config, io and format; numeric when training diverges (the last checkpoint stays);
// interrupted after state was saved. In each case the directory can be resumed.
Expected<TrainRunResult> train_run(const Config& config, const std::string& directory,
                                   const TrainRunOptions& options);

// Steps at which models are kept, in order: `count` of them from 0 to `steps`, at the squares of
// equal parts.
std::vector<std::int64_t> snapshot_steps(std::int64_t steps, int count);

}  // namespace gramian
