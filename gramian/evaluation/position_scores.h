// A network beside what its task can be answered with otherwise, at every position: the result of
// gramian eval for tasks with several answers, as a table and as JSON.
//
//   {"prompts": N, "adjusted": {},
//    "loss": {"model": {"mean", "se"}, "zero": .., "descent": .., "steps-1": .., ..,
//             "least-squares": ..},
//    "right": {"model": .., "zero": ..},    of classes: the share of answers with the largest score
//    "positions": {"model": [{"mean", "se"}, ..], ..},      one for each position, in order
//    "tuned": {"step", "ridge", "lags"}}                    where there are such baselines
//
// Of numbers that continue a sequence the baselines are those of sequence_baselines.h, tuned on
// kTuningPrompts prompts of their own; of others zeros alone are predicted. `adjusted` is empty:
// no predictor knows the truth. A position that counts in no prompt has null for its numbers.
//
// Errors: interrupted. Cost: that of the predictions, and of tuning.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gramian/evaluation/position_losses.h"
#include "gramian/evaluation/sequence_baselines.h"

namespace gramian {

struct PositionScores {
  static constexpr std::uint64_t kTuningPrompts = 4096;

  std::uint64_t prompts = 0;
  std::vector<std::string> names = {};  // "model", "zero", ..
  std::vector<PositionLosses> losses = {};
  std::optional<SequenceBaselines> tuned = {};
};

Expected<PositionScores> position_scores(const TokenTask& task, const Transformer& transformer,
                                         std::uint64_t prompts, std::uint64_t seed,
                                         ThreadPool& pool, const ProgressFunction& progress);

// Losses, and those of a few positions: first, second, then in steps that grow, and last.
std::string position_table(const PositionScores& scores);
std::string position_json(const PositionScores& scores);

// The loss in words, for headings.
std::string_view formula_of(const Answers& answers);

}  // namespace gramian
