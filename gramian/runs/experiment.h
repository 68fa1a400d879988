// From a configuration to what the rooms take. What one key cannot know, such as whether
// sigma fits the kind of noise, is checked here, in errors that name the place.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/evaluation/evaluate.h"
#include "gramian/io/config.h"
#include "gramian/models/keys.h"
#include "gramian/models/network.h"
#include "gramian/models/transformer.h"
#include "gramian/runs/keys.h"
#include "gramian/tasks/task.h"
#include "gramian/tasks/token_task.h"
#include "gramian/training/trainer.h"

namespace gramian {

// What stands in the place of task and network where [model.kind] is transformer.
struct TokenExperiment {
  TokenTask task;
  TransformerSpec transformer;
};

struct Experiment {
  RegressionTask task;
  NetworkSpec network;
  std::optional<TokenExperiment> tokens = {};  // if there, network means nothing
  InitialWeights initial;
  Initialisation initialisation = Initialisation::gd;
  double init_rare = 0;  // of gdpp_optimum: EigenvalueLaw::without_largest
  TrainSpec train;
  EvalSpec eval;
  std::vector<double> profile;  // sigmas, may be empty
  RunSpec run = {};
};

// All combinations are checked here, before anything is allocated or written.
Expected<Experiment> make_experiment(const Config& config);

}  // namespace gramian
