// Cells that are transformers on tokens: what the runner and the studies do with them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gramian/models/transformer.h"
#include "gramian/runs/experiment.h"
#include "gramian/studies/runner.h"

namespace gramian {

// A run directory of such a cell, read back: what it was, and its final model.
struct TokenRun {
  TokenExperiment experiment;
  Transformer transformer;
};
// Errors: io, config and format.
Expected<TokenRun> load_token_run(const std::string& directory);

struct TransformerSnapshot {
  std::int64_t step = 0;
  Transformer transformer = {};
};
Expected<std::vector<TransformerSnapshot>> load_transformer_snapshots(const std::string& directory);

// Mean loss on prompts of this seed, by one thread.
Expected<double> token_selection_loss(const std::string& directory, std::uint64_t prompts,
                                      std::uint64_t seed);
// Writes the losses of the model and of predicting zero to `path`, in the form that load_scores
// reads.
Status examine_tokens(const std::string& directory, std::uint64_t prompts, std::uint64_t seed,
                      const std::string& path);

}  // namespace gramian
