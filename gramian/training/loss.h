// The training loss of one block of prompts, and its derivative.
#pragma once

#include <array>
#include <vector>

#include "gramian/lanes/block.h"
#include "gramian/tasks/query.h"
#include "gramian/tasks/task.h"

namespace gramian {

// With r^2 the squared error of a prompt (tasks/query.h),
//
//     loss = c/2 log(1 + r^2 / c),     dloss = r dr / (1 + r^2 / c)
//
// which is 1/2 r^2 for small errors, and gives the rare prompt on which a deep network
// explodes a bounded say. c = 0 stands for infinity: the plain 1/2 r^2.
struct LossSpec {
  QueryMode query = QueryMode::integrated;
  double robust = 100.0;  // c, in units of r^2
};

template <class T>
struct BlockLoss {
  std::array<double, kLanes> squared_error{};  // r^2 of each prompt; may be infinite or NaN
};

// weights: [d, lanes], w^L on entry, dloss/dw^L on return.
// covariance: S [d, d] of the inputs, empty for I.
template <class T>
BlockLoss<T> loss_gradient(const LossSpec& spec, const std::vector<double>& covariance, const PromptBlock<T>& block,
                           T* weights);

// The loss of a prompt with squared error r^2.
double robust_loss(double squared_error, double c);

}  // namespace gramian
