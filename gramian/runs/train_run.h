// Training into a run directory: checkpoints, metrics, progress, interruption and resume.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/parallel/pool.h"
#include "gramian/runs/family.h"
#include "gramian/runs/keys.h"
#include "gramian/runs/run_directory.h"

namespace gramian {

struct TrainRunOptions {
  // Go on from the last checkpoint of an existing directory; begin if there is none.
  bool resume = false;
  std::string command_line = {};
  std::function<bool()> interrupted = {};  // polled after each step; true saves and stops
  bool quiet = false;                      // no progress bar
  MakeExperiment make = make_experiment;
  // Polled within steps, by several threads: true gives up the step that is being computed, then
  // saves and stops. So a step of many seconds is no wait.
  std::function<bool()> abandon = {};
  // Called when there is state that can be saved: the initial weights, before the first step.
  std::function<void()> begun = {};
  // Who runs the chunks of a run of this configuration, beginning with these weights. The crew must
  // outlive the run. Empty: the threads of the pool.
  std::function<Expected<Crew*>(const Config&, std::span<const double> theta, ThreadPool&)> crew =
      {};
  // Where another process trains in the directory: wait for its end, or refuse (io).
  bool wait = false;
};

struct TrainRunResult {
  RunDirectory directory;
  std::int64_t first_step = 0;  // steps that were done before
  std::int64_t steps = 0;       // steps done now
  double seconds = 0;           // of training, in all
  std::int64_t dropped = 0;     // prompts left out of the loss because the network exploded on them
  bool already_done = false;
  // Names of files of a finished run that were missing, or were not of its last step, and have been
  // written again from its checkpoint.
  std::vector<std::string> restored = {};
};

// Trains in a directory that no other process may train in at the same time: a lock is held
// (io/lock.h). A run is finished when all of this is there and agrees: the checkpoint of the last
// step, the model with its weights, the last row of the metrics, every snapshot that was asked for,
// and a manifest that says when it ended.
//
// Errors: config, io and format; numeric when training diverges (the last checkpoint stays);
// interrupted after state was saved. In each case the directory can be resumed.
Expected<TrainRunResult> train_run(const Config& config, const std::string& directory,
                                   const TrainRunOptions& options);

// Steps at which models are kept, in order: `count` of them from 0 to `steps`, at the squares of
// equal parts.
std::vector<std::int64_t> snapshot_steps(std::int64_t steps, int count);

}  // namespace gramian
