// Losses of predictors that read tokens, and how alike two of them are.
//
// A loss is 1/2 (prediction - target)^2 on the query of the prompt, the target without noise, or
// another one of models/prediction_loss.h. The prompts of (seed, index) are the same in every
// function here; bits do not depend on the number of threads.
#pragma once

#include <cstdint>
#include <string>

#include "gramian/evaluation/alignment.h"
#include "gramian/evaluation/token_predictor.h"
#include "gramian/models/prediction_loss.h"
#include "gramian/parallel/pool.h"

namespace gramian {

// The mean loss with its error.
RunningMean token_loss(const TokenTask& task, const MakeTokenPredictor& make, std::uint64_t prompts,
                       std::uint64_t seed, ThreadPool& pool,
                       PredictionLoss loss = PredictionLoss::squared);

// The two losses as the JSON of an evaluation without solvers (table.h): {"prompts", "adjusted":
// {}, "loss": {"model", "zero"}}.
std::string token_scores_json(std::uint64_t prompts, const RunningMean& model,
                              const RunningMean& zero);

// Losses, and how alike the predictions and their gradients at x_q are (alignment.h).
Alignment align_tokens(const TokenTask& task, const MakeTokenPredictor& model,
                       const MakeTokenPredictor& other, std::uint64_t prompts, std::uint64_t seed,
                       ThreadPool& pool, PredictionLoss loss = PredictionLoss::squared);

// How much the tokens after the first layers depend on the tokens that enter: for each token k the
// norm of the gradient of sum(state k) with respect to entering token j, encoding included, a mean
// over k and prompts for j = k, j = k + 1 and all others (von Oswald et al. 2022, Fig. 5).
struct TokenSensitivity {
  double own = 0, next = 0, others = 0;
};

// After the first `layers` layers, on one thread. Requires: prompts >= 1, and the transformer reads
// the tokens of the task (asserted). Errors: config, for a transformer that cannot be recorded.
// Cost: one backward pass for each token and block of prompts.
Expected<TokenSensitivity> state_sensitivity(const TokenTask& task, const Transformer& transformer,
                                             int layers, std::uint64_t prompts, std::uint64_t seed);

}  // namespace gramian
