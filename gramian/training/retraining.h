// Training some of the weights of a network, while the others stay as they are: after those have
// been set to zero, or where the network is to be kept and only what was added to it learns.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "gramian/models/network.h"
#include "gramian/tasks/task.h"
#include "gramian/training/trainer.h"

namespace gramian {

// How retraining is done: as the network was trained (`trained`), but with Adam at a third of the
// default rate, and on prompts that training has not seen.
TrainSpec retraining(const TrainSpec& trained, std::int64_t steps);

// Told steps done and in all; false stops the work.
using TrainingProgress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

// The steps that the loop has left. Errors: those of a step, and interrupted, by `progress`.
Status train_through(TrainingLoop& loop, const TrainingProgress& progress = {});

// The same on the weights that `keep` names; the others stay as they are. Requires: the loop is one
// of Adam, which works on each weight by itself (asserted). The bound on the gradient
// (OptimiserSpec::clip_norm) is one on that of all weights.
Status train_kept(TrainingLoop& loop, const std::vector<bool>& keep,
                  const TrainingProgress& progress = {});

// `network` after `spec.steps` steps of Adam on the weights that are kept, from where they are; the
// others stay as they are. Errors: config, for a spec that the network cannot be trained with;
// numeric, where training diverges; interrupted.
Expected<Network> retrain(const RegressionTask& task, const Network& network,
                          const std::vector<bool>& keep, const TrainSpec& spec, ThreadPool& pool,
                          const TrainingProgress& progress = {});

}  // namespace gramian
