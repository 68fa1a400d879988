// Predictors that read tokens: a trained transformer, and what it is compared with.
//
// Letters: d input dimension, n context length, x_q the query.
#pragma once

#include <functional>
#include <memory>

#include "gramian/models/transformer.h"
#include "gramian/tasks/token_task.h"

namespace gramian {

class TokenPredictor {
 public:
  virtual ~TokenPredictor() = default;
  // predictions: [positions, outputs, lanes] of the answers of the task, [lanes] of a scalar one.
  // sensitivities, of scalar tasks alone: [d, lanes], d prediction / d x_q, or with respect to the
  // last token where there is no query. Null: they are not computed, which costs a third.
  virtual void predict(const TokenBlock<double>& block, double* predictions,
                       double* sensitivities) = 0;
};

// Makes a predictor; an evaluation asks for one for each thread. What it was given by reference
// must outlive it.
using MakeTokenPredictor = std::function<std::unique_ptr<TokenPredictor>()>;

// Requires: the transformer reads the tokens of the task, and can be recorded.
MakeTokenPredictor predictor(const TokenTask& task, const Transformer& transformer);

// Predicts zero; of classes that is the same share for each.
MakeTokenPredictor zero_predictor(const TokenTask& task);

// One step of gradient descent from zero on 1/(2n) sum_j (y_j - <w, x_j>)^2: the prediction is
// <w, x_q> with w = step/n sum_j y_j x_j.
MakeTokenPredictor descent_step(const TokenTask& task, double step);

}  // namespace gramian
