// checkpoint.safetensors: all that a training run needs to go on to the same bits.
//
//   theta, adam.first, adam.second           float64 [parameters]
//   gauss_newton.curvature [parameters^2], gauss_newton.momentum [parameters]: for that method only
//   metadata: step, gauss_newton_step, error (running mean of r^2), seconds of training so far,
//             prompts dropped so far
#pragma once

#include <cstdint>
#include <string>

#include "gramian/base/error.h"
#include "gramian/training/trainer.h"

namespace gramian {

struct Checkpoint {
  TrainState state;
  double seconds = 0;
  std::int64_t dropped = 0;
};

Status save_checkpoint(const std::string& path, const Checkpoint& checkpoint);

// Refuses (format) a file that is not a checkpoint of a network with `parameters` parameters,
// trained by `method`.
Expected<Checkpoint> load_checkpoint(const std::string& path, std::size_t parameters,
                                     Method method);

}  // namespace gramian
