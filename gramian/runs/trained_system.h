// A model of any family as functions of its weights, for what examines changed weights
// (evaluation/changes.h).
//
//   const auto system = system_of(*experiment, *model, start, {.prompts = 20'000}, pool);
//   const Changes changes = GRAMIAN_TRY(examine_changes(system, {}));
#pragma once

#include <cstdint>
#include <vector>

#include "gramian/evaluation/changes.h"
#include "gramian/runs/family.h"

namespace gramian {

struct LossPrompts {
  std::uint64_t prompts = 20'000, seed = 1;
};

// With the mean loss of the experiment. `start`: the weights before training, or empty. The
// experiment and the pool must outlive the system. Requires: a model of this experiment.
TrainedSystem system_of(const Experiment& experiment, const Model& model, std::vector<double> start,
                        const LossPrompts& how, ThreadPool& pool);

}  // namespace gramian
