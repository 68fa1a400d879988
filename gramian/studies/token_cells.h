// Runs of transformers on tokens, read back by the studies that draw them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gramian/models/transformer.h"
#include "gramian/runs/transformer_family.h"
#include "gramian/studies/runner.h"

namespace gramian {

// A run directory of such a cell, read back: what it was, and its final model.
struct TokenRun {
  TransformerExperiment experiment;
  Transformer transformer;
};
// Errors: io, config and format.
Expected<TokenRun> load_token_run(const std::string& directory);

struct TransformerSnapshot {
  std::int64_t step = 0;
  Transformer transformer;
};
Expected<std::vector<TransformerSnapshot>> load_transformer_snapshots(const std::string& directory);

}  // namespace gramian
