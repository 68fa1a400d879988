#include "gramian/studies/networks.h"

#include <fmt/format.h>

#include "gramian/base/assert.h"
#include "gramian/runs/keys.h"
#include "gramian/runs/model_file.h"
#include "gramian/runs/run_directory.h"
#include "gramian/runs/train_run.h"

namespace gramian {

Expected<Network> load_network(const Trained& trained, const StudyOptions& options) {
  return load_model(fmt::format("{}/{}/model.safetensors", options.directory, trained.directory));
}

Expected<std::vector<NetworkSnapshot>> load_snapshots(const Trained& trained,
                                                      const StudyOptions& options) {
  const auto directory =
      GRAMIAN_TRY(RunDirectory::open(fmt::format("{}/{}", options.directory, trained.directory)));
  const auto config = GRAMIAN_TRY(load_config(directory.config()));
  std::vector<NetworkSnapshot> list;
  const auto count = static_cast<int>(config.integer("train.snapshots"));
  for (const std::int64_t step : snapshot_steps(config.integer("train.steps"), count)) {
    auto network = GRAMIAN_TRY(load_model(directory.snapshot(step)));
    list.push_back({step, std::move(network)});
  }
  return list;
}

Network repeated_layer(const Network& network, int layers) {
  GRAMIAN_ASSERT(layers >= 1 && network.spec.layers >= 1);
  const LayerWeights weights = network.expanded(0);
  Network result{network.spec, weights.p};
  result.spec.kind = Parametrisation::full;
  result.spec.heads = 1;
  result.spec.layers = layers;
  result.spec.tied = true;
  result.theta.insert(result.theta.end(), weights.q.begin(), weights.q.end());
  return result;
}

}  // namespace gramian
