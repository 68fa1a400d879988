// The keys of section [train] that decide the weights, and what they say: loss and optimiser.
// Those of a run (threads, checkpoints, logs) are in runs/keys.h.
#pragma once

#include <span>

#include "gramian/base/key.h"
#include "gramian/base/settings.h"
#include "gramian/models/network.h"
#include "gramian/training/loop.h"

namespace gramian {

std::span<const Key> train_keys();

// `automatic`: what [train.optimiser] automatic stands for.
TrainSpec train_spec(const Settings& settings, Method automatic);

// The method that trains a network on Gram matrices best: Gauss-Newton where parameters are few.
Method automatic_method(const Settings& settings, const NetworkSpec& network);

}  // namespace gramian
