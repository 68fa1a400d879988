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
Expected<TokenRun> load_token_run(const Trained& trained, const StudyOptions& options);

// A trained seed of a cell, read back.
struct TokenSeed {
  const Trained* trained = nullptr;
  TokenRun run;
};
// Of the cell of this name, all seeds that came to an end. Errors: io, config and format.
Expected<std::vector<TokenSeed>> load_token_seeds(const Archive& archive, const std::string& cell,
                                                  const StudyOptions& options);

struct TransformerSnapshot {
  std::int64_t step = 0;
  Transformer transformer;
};
Expected<std::vector<TransformerSnapshot>> load_transformer_snapshots(const std::string& directory);

}  // namespace gramian
