// The networks of trained cells, read back from their run directories.
#pragma once

#include <cstdint>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/models/network.h"
#include "gramian/studies/runner.h"

namespace gramian {

// Errors: io; format.
Expected<Network> load_network(const Trained& trained, const StudyOptions& options);

// The models that a run kept along the way (train.snapshots), in order; empty if it kept none.
// Errors: io; format.
struct NetworkSnapshot {
  std::int64_t step = 0;
  Network network = {};
};
Expected<std::vector<NetworkSnapshot>> load_snapshots(const Trained& trained,
                                                      const StudyOptions& options);

// The first layer of a network, applied `layers` times: a FULL network of tied layers.
Network repeated_layer(const Network& network, int layers);

}  // namespace gramian
