// Networks without solvers beside them: losses after each layer, and how alike two predictors are.
//
// The prompts of (seed, index) are the same in every function here and in evaluate.h. Losses carry
// the factor 1/2, are integrated over the query, and hold for any covariance S. Bits do not depend
// on the threads.
//
// Letters: d input dimension, L layers, S covariance of x, w the truth, w^L the implicit weights.
#pragma once

#include <cstdint>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/evaluation/evaluate.h"
#include "gramian/evaluation/statistics.h"

namespace gramian {

struct LayerLoss {
  RunningMean loss;   // infinite if one prompt's is
  double median = 0;  // of the same prompts: a rare prompt that explodes does not move it
};

// After each layer, [L]. Keeps 8 L bytes a prompt.
std::vector<LayerLoss> layer_losses(const RegressionTask& task, Predictor& model,
                                    std::uint64_t prompts, std::uint64_t seed, ThreadPool& pool);

struct Alignment {
  RunningMean loss, other_loss;  // of the two predictors
  // The metrics of von Oswald et al. (2022), over the query of the prompt:
  RunningMean prediction;  // |<w^L - v^L, x_t>|
  RunningMean
      sensitivity;  // |w^L - v^L|, since the prediction is linear in x_t: d prediction / dx_t = w^L
  RunningMean cosine;  // of w^L and v^L; prompts on which one of them is zero are left out

  // Sensitivity and cosine of prompt `lane`; w and v are [d, lanes].
  void add_sensitivities(const double* w, const double* v, std::size_t d, std::size_t lane);
  void merge(const Alignment& more);
};

// Both after their last layer. `target_scale` multiplies the targets and the truth.
Alignment align(const RegressionTask& task, Predictor& model, Predictor& other, double target_scale,
                std::uint64_t prompts, std::uint64_t seed, ThreadPool& pool);

// 1/2 (v - w)^T S (v - w), v = weights [d, lanes] and w the truth of prompt `lane`.
double integrated_loss(const RegressionTask& task, const PromptBlock<double>& prompts,
                       const double* weights, std::size_t lane);

}  // namespace gramian
