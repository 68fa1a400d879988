// The loss of the implicit weights that a network or a solver ends in, and its derivative.
//
// With delta = w^L - w the error of the implicit weights of a prompt and S the covariance of x, the
// squared error of the prompt is (tasks/query.h)
//
//     r^2 = delta^T S delta    query integrated          r^2 = <delta, x_t>^2    query sampled
//
// An evaluation reports 1/2 r^2. Training minimises
//
//     loss = c/2 log(1 + r^2 / c),     dloss/dr = r / (1 + r^2 / c)
//
// which is 1/2 r^2 for small errors and bounds the weight of a rare prompt on which a deep network
// explodes. c = 0 stands for infinity, the plain 1/2 r^2.
//
// Letters: d input dimension, w the truth, w^L the implicit weights, x_t the query.
#pragma once

#include <array>
#include <vector>

#include "gramian/lanes/block.h"
#include "gramian/models/prediction_loss.h"
#include "gramian/tasks/query.h"
#include "gramian/tasks/task.h"

namespace gramian {

// Guards are prompts that teach the network one thing only: not to explode. In each block of
// sixteen the first `guards` prompts have their Gram matrix multiplied by `stretch`, as if the
// context were longer: large eigenvalues, on which deep networks explode, are rare without. The
// gradient of a guard is weighted by max(0, 1 - r_0^2 / r^2), with r_0 the error of predicting
// zero: it vanishes wherever the network does better than that. Guards are for networks of four
// layers and more: the errors of fewer layers are large on stretched prompts even at their optimum,
// and guards make them worse. (Tried and no better: a threshold of 100 or 10,000 r_0^2, a weight of
// 0.02.)
struct LossSpec {
  QueryMode query = QueryMode::integrated;
  PredictionLoss prediction = PredictionLoss::squared;  // of networks that read tokens
  double robust = 100.0;                                // c, in units of r^2; >= 0
  int guards = 0;  // of the sixteen prompts of a block, in [0, 16)
  double stretch = 2.0;
  // With a value m > 0 contexts of training have from m to n examples, each length as often: one
  // length for every block of sixteen prompts. A network that takes means over its context (G/n)
  // takes them over the examples that there are. 0: all have n.
  int shortest_context = 0;
};

// c/2 log(1 + r^2 / c), or 1/2 r^2 for c = 0. Requires: c >= 0 (asserted).
double robust_loss(double squared_error, double c);

// 1/2 r^2 of prompt `lane` of a block, with S and the way of the query as the task and `query` say.
// weights: [d, lanes]. Requires: lane < kLanes (asserted). Cost: d multiplications, d^2 / 2 more
// where S is not I.
double implicit_loss(const RegressionTask& task, QueryMode query, const PromptBlock<double>& block,
                     const double* weights, std::size_t lane);

template <class T>
struct BlockLoss {
  std::array<double, kLanes> squared_error{};  // r^2 of each prompt; may be infinite or NaN
  // Of each prompt's gradient: 1 / (1 + r^2 / c), times the weight of a guard.
  std::array<double, kLanes> weight{};
};

// The loss of the sixteen prompts of a block and its derivative, in one pass over the errors: S
// delta is needed for the derivative, and gives r^2 as well. (implicit_loss goes by the factor of
// S, and agrees to rounding.)
//
// weights: [d, lanes], w^L on entry, dloss/dw^L on return. covariance: S [d, d], empty for I.
// Requires: 0 <= guards < kLanes, and S empty or [d, d] (asserted).
template <class T>
BlockLoss<T> loss_gradient(const LossSpec& spec, const std::vector<double>& covariance,
                           const PromptBlock<T>& block, T* weights);

// Random cotangents v of w^L with E[v v^T] = W, W the Gauss-Newton curvature of the loss at the
// errors of `loss`: a random sign for each coordinate, through the factor C of S, or the sampled
// query with one sign. Signs are independent, so sums over prompts serve as well as single ones.
//
// v: [d, lanes]. The signs are those of `address` in a stream of their own.
template <class T>
void curvature_cotangent(const LossSpec& spec, const RegressionTask& task,
                         const PhiloxAddress& address, const PromptBlock<T>& block,
                         const BlockLoss<T>& loss, T* v);

}  // namespace gramian
