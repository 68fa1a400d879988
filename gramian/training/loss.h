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
// Guards are prompts that teach the network one thing only: not to explode. In each block of
// sixteen the first `guards` prompts have their Gram matrix multiplied by `stretch`, as if the
// context were longer; large eigenvalues, on which deep networks explode, are rare without. Their
// gradient is weighted by max(0, 1 - r_0^2 / r^2), r_0 the error of predicting zero: it vanishes
// wherever the network does better than that. For networks of four layers and more: shallow ones
// have large errors there at their optimum without exploding, and lose by guards. (Tried and no
// better: a threshold of 100 or 10,000 r_0^2, a weight of 0.02.)
struct LossSpec {
  QueryMode query = QueryMode::integrated;
  double robust = 100.0;  // c, in units of r^2
  int guards = 0;         // of the sixteen prompts of a block, < 16
  double stretch = 2.0;
};

template <class T>
struct BlockLoss {
  std::array<double, kLanes> squared_error{};  // r^2 of each prompt; may be infinite or NaN
  std::array<double, kLanes> weight{};  // of its gradient: the robust weight, times that of a guard
};

// weights: [d, lanes], w^L on entry, dloss/dw^L on return.
// covariance: S [d, d] of the inputs, empty for I.
template <class T>
BlockLoss<T> loss_gradient(const LossSpec& spec, const std::vector<double>& covariance,
                           const PromptBlock<T>& block, T* weights);

// Cotangents v of w^L with E[v v^T] = W, W the Gauss-Newton curvature of the loss at the errors of
// `loss`: a random sign for each coordinate, through the factor C of S, or the sampled query with
// one sign. Signs are independent, so sums over prompts serve as well as single ones.
// v: [d, lanes].
template <class T>
void curvature_cotangent(const LossSpec& spec, const RegressionTask& task,
                         const PhiloxAddress& address, const PromptBlock<T>& block,
                         const BlockLoss<T>& loss, T* v);

// The loss of a prompt with squared error r^2.
double robust_loss(double squared_error, double c);

}  // namespace gramian
