// Predictors that read tokens: their loss, and how alike two of them are.
//
// The prompts of (seed, index) are the same in every function here; bits do not depend on the
// threads. A loss is 1/2 (prediction - target)^2 on the query of the prompt, target without noise.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "gramian/evaluation/alignment.h"
#include "gramian/models/transformer.h"
#include "gramian/parallel/pool.h"
#include "gramian/tasks/token_task.h"

namespace gramian {

class TokenPredictor {
 public:
  virtual ~TokenPredictor() = default;
  // predictions: [lanes]; sensitivities: [d, lanes], d prediction / d x_q.
  virtual void predict(const TokenBlock<double>& block, double* predictions,
                       double* sensitivities) = 0;
};

// Makes one for each thread. What it takes by reference must outlive it.
using MakeTokenPredictor = std::function<std::unique_ptr<TokenPredictor>()>;

MakeTokenPredictor predictor(const TokenTask& task, const Transformer& transformer);
MakeTokenPredictor zero_predictor(const TokenTask& task);
// One step of gradient descent from zero on 1/(2n) sum (y_j - <w, x_j>)^2: <w, x_q> with w = step/n
// sum y_j x_j.
MakeTokenPredictor descent_step(const TokenTask& task, double step);

RunningMean token_loss(const TokenTask& task, const MakeTokenPredictor& make, std::uint64_t prompts,
                       std::uint64_t seed, ThreadPool& pool);

// The two losses as the JSON of an evaluation without solvers (table.h): {"prompts", "adjusted":
// {}, "loss": {"model", "zero"}}.
std::string token_scores_json(std::uint64_t prompts, const RunningMean& model,
                              const RunningMean& zero);

// For their meaning see alignment.h; the sensitivity is the gradient at x_q.
Alignment align_tokens(const TokenTask& task, const MakeTokenPredictor& model,
                       const MakeTokenPredictor& other, std::uint64_t prompts, std::uint64_t seed,
                       ThreadPool& pool);

// How much the tokens after the first layers depend on the tokens that enter: for each token k the
// norm of the gradient of sum(state k) with respect to entering token j, encoding included, a mean
// over k and prompts for j = k, j = k + 1 and all others (von Oswald et al. 2022, Fig. 5).
struct TokenSensitivity {
  double own = 0, next = 0, others = 0;
};
// Errors: config, for a transformer that cannot be recorded.
Expected<TokenSensitivity> state_sensitivity(const TokenTask& task, const Transformer& transformer,
                                             int layers, std::uint64_t prompts, std::uint64_t seed);

}  // namespace gramian
