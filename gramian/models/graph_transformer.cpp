#include "gramian/models/graph_transformer.h"

namespace gramian {

Norm graph_norm(GraphNorm norm, int columns, int demands) {
  if (norm == GraphNorm::none) return {};
  return {.kind = norm == GraphNorm::frobenius ? NormKind::frobenius : NormKind::columns,
          .lead = columns,
          .first = columns,
          .count = 2 * demands};
}

TransformerSpec graph_transformer(const GraphTransformerSpec& spec) {
  const Block block{.mixer = {.kind = MixerKind::linear,
                              .mask = Mask::all,
                              .scale = spec.mean ? Scale::mean : Scale::one},
                    .mixer_skip = {.kind = SkipKind::linear},
                    .after_mixer = graph_norm(spec.norm, spec.columns, spec.demands)};
  return {
      .stem = {.tokens = spec.nodes, .width = spec.columns + spec.demands, .zeros = spec.demands},
      .blocks = {static_cast<std::size_t>(spec.layers), block},
      .readout = {.rows = ReadoutRows::every,
                  .map = ReadoutMap::columns,
                  .first = spec.columns + spec.demands,
                  .outputs = spec.demands,
                  .factor = 1}};
}

}  // namespace gramian
