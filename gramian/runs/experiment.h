// From a configuration to what the rooms take. What one key cannot know, such as whether
// sigma fits the kind of noise, is checked here, in errors that name the place.
#pragma once

#include <cstdint>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/evaluation/evaluate.h"
#include "gramian/io/config.h"
#include "gramian/models/network.h"
#include "gramian/tasks/task.h"
#include "gramian/training/trainer.h"

namespace gramian {

struct Experiment {
  RegressionTask task;
  NetworkSpec network;
  InitialWeights initial;
  bool from_gdpp = false;  // the initial weights are those of a GD++ network, trained first
  TrainSpec train;
  EvalSpec eval;
  std::vector<double> profile;  // sigmas, may be empty
  int threads = 0;              // 0: one for each core
  std::int64_t checkpoint_every = 1000;
  std::int64_t log_every = 50;
};

// The task part alone; RegressionTask::create still checks sizes and that S is positive definite.
Expected<TaskSpec> task_spec(const Config& config);

// All combinations are checked here, before anything is allocated or written.
Expected<Experiment> make_experiment(const Config& config);

}  // namespace gramian
