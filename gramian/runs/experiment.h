// From a configuration to what the rooms take. What one key cannot know, such as whether
// sigma fits the kind of noise, is checked here, in errors that name the place.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/evaluation/evaluate.h"
#include "gramian/io/config.h"
#include "gramian/models/network.h"
#include "gramian/models/transformer.h"
#include "gramian/tasks/task.h"
#include "gramian/tasks/token_task.h"
#include "gramian/training/trainer.h"

namespace gramian {

// What stands in the place of task and network where [model.kind] is transformer.
struct TokenExperiment {
  TokenTask task;
  TransformerSpec transformer;
};

// Where the initial weights come from.
enum class Beginning {
  drawn,         // as InitialWeights says
  gdpp,          // a GD++ network, trained first
  gdpp_optimum,  // the GD++ network of least expected loss, computed: theory/gd_family.h
};

struct Experiment {
  RegressionTask task;
  NetworkSpec network;
  std::optional<TokenExperiment> tokens = {};  // if there, network means nothing
  InitialWeights initial;
  Beginning beginning = Beginning::drawn;
  double init_rare = 0;  // of gdpp_optimum: EigenvalueLaw::without_largest
  TrainSpec train;
  EvalSpec eval;
  std::vector<double> profile;  // sigmas, may be empty
  int threads = 0;              // 0: one for each core
  std::int64_t checkpoint_every = 1000;
  std::int64_t log_every = 50;
  int snapshots = 0;
};

// The task part alone; RegressionTask::create still checks sizes and that S is positive definite.
Expected<TaskSpec> task_spec(const Config& config);

// All combinations are checked here, before anything is allocated or written.
Expected<Experiment> make_experiment(const Config& config);

}  // namespace gramian
