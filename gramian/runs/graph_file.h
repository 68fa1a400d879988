// model.safetensors of a network on graphs. In its efficient form: one float64 tensor for each
// parameter of GraphNetworkSpec::parameters(), and the spec in the metadata ("graph", JSON), with
// the equations of a layer in words ("convention"). With full weights it is the file of a
// transformer (transformer_file.h) whose family is graph.
//
// Errors: io; format for a file that is neither, for a spec that is not valid, and for tensors that
// are not exactly those of the spec, finite and of their shapes.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/models/graph_network.h"
#include "gramian/models/transformer.h"

namespace gramian {

struct AnyGraphNetwork {
  GraphNetwork efficient = {};
  std::shared_ptr<const Transformer> full = nullptr;  // if not null it stands in its place

  const std::vector<double>& theta() const { return full ? full->theta : efficient.theta; }
};

// `notes` are entries of the metadata that replace or join those of every file.
Status save_graph_network(const std::string& path, const AnyGraphNetwork& network,
                          const std::map<std::string, std::string>& notes = {});
Expected<AnyGraphNetwork> load_graph_network(const std::string& path);

}  // namespace gramian
