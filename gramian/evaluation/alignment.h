// Networks without solvers beside them: losses after each layer, and how alike two predictors are.
//
// Losses are half the squared error, integrated over the query, for any covariance S
// (training/loss.h). The prompts of (seed, index) are the same in every function here and in
// evaluate.h. Bits do not depend on the number of threads.
//
// Letters: d input dimension, L layers, x_t the query, w^L and v^L the implicit weights of the two
// predictors after their last layer.
#pragma once

#include <cstdint>
#include <vector>

#include "gramian/evaluation/measure.h"
#include "gramian/evaluation/predictor.h"
#include "gramian/evaluation/statistics.h"
#include "gramian/lanes/view.h"

namespace gramian {

struct LayerLoss {
  RunningMean loss;   // infinite if one prompt's is
  double median = 0;  // of the same prompts: a rare prompt that explodes does not move it
};

// After each layer, [L]. Requires: prompts >= 1 (asserted). Memory: 8 L bytes a prompt.
std::vector<LayerLoss> layer_losses(const RegressionTask& task, Predictor& model,
                                    std::uint64_t prompts, std::uint64_t seed, ThreadPool& pool);

// Two losses, and the metrics of von Oswald et al. (2022) between two predictors, as means over
// prompts. The sensitivity of a prediction is its derivative by the query; for a prediction
// <w^L, x_t> that is w^L.
struct Alignment {
  RunningMean loss, other_loss;  // of the two predictors
  RunningMean prediction;        // |difference of the predictions|
  RunningMean sensitivity;       // |w^L - v^L|
  RunningMean cosine;  // of w^L and v^L; prompts on which one of them is zero are left out

  // Adds the sensitivities of prompt `lane`; w and v are [d, lanes]. Requires: the same shape
  // (asserted).
  void add_sensitivities(LaneView<const double> w, LaneView<const double> v, std::size_t lane);
  void merge(const Alignment& more);
};

// Both after their last layer. `target_scale` multiplies the targets and the truth.
Alignment align(const RegressionTask& task, Predictor& model, Predictor& other, double target_scale,
                std::uint64_t prompts, std::uint64_t seed, ThreadPool& pool);

}  // namespace gramian
