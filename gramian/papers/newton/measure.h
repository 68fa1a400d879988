// What the studies of Giannou et al. (2024) measure: errors of Newton's iterations on the prompts
// of a task, of networks set by formula layer by layer, and of trained networks along one
// coordinate of the query.
//
// Errors are squared errors over d, as in the publication. Prompts are those of evaluations
// (evaluation stream), so that the numbers are paired with those of trained cells.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/models/transformer.h"
#include "gramian/papers/newton/setting.h"
#include "gramian/studies/scores.h"

namespace gramian::newton {

// The errors of one iteration after 0, 1, .. steps.
struct StepErrors {
  std::string name = {};
  int order = 0;  // of a hyperpower iteration; 0: of another one
  std::vector<Estimate> steps = {};
};

inline constexpr int kOrders[] = {2, 3, 4, 5};
inline constexpr int kHigherOrders[] = {6, 7, 8, 9, 10};

// Hyperpower iterations of these orders, each prompt with this share of its best start; the
// Chebyshev iteration, whose first step is the best gradient descent; and conjugate gradients, the
// best polynomial of its degree. From 0 to `steps` steps. Requires joined tokens.
std::vector<StepErrors> iteration_errors(const TokenTask& task, int steps, std::uint64_t prompts,
                                         double share = 1);

// Hyperpower iterations of these orders alone, on the same prompts.
std::vector<StepErrors> hyperpower_errors(const TokenTask& task, std::span<const int> orders,
                                          int steps, std::uint64_t prompts, double share = 1);

// The power of A that a solution reaches (section 4.1 of the source): the iterate X_t of order o
// has degree 2 o^t - 1, and linear attention of L layers 3^L.
double degree_of_iterate(int order, int steps);
double degree_of_attention(int layers);
// The degree at which an iteration has this error, between steps by the logarithm of both. NaN
// where the error is not within the range of the iteration.
double equivalent_degree(const StepErrors& iteration, double error);

// The regression network of theory/newton_constructions.h on one prompt whose R has eigenvalues
// from 1 down to 1 / kappa.
struct ConstructedNumbers {
  double kappa = 0;
  std::vector<double> residual = {};   // |I - R X_t| in the spectral norm, t = 0, 1, ..
  std::vector<double> deviation = {};  // of X_t from the iteration in plain matrices, relative
  int steps_to_1e8 = 0;                // least t with a residual below 1e-8
  int descent_to_1e8 = 0;              // layers of stacked gradient descent for the same
};
Expected<ConstructedNumbers> measure_constructed(double kappa);

// The logistic network of theory/logistic_construction.h.
struct LogisticNumbers {
  int knots = 0;
  double deviation = 0;           // root mean square of a step's difference from an exact step
  std::vector<double> left = {};  // largest (f(w_t) - f*) / (f(0) - f*), t = 0, 1, ..
};
Expected<LogisticNumbers> measure_logistic(int knots, int prompts);

// Exact damped Newton and gradient descent on the prompts of logistic_task(): mean (<w_t, x_q> -
// <w*, x_q>)^2, and mean regularised losses.
struct LogisticSteps {
  std::vector<Estimate> newton = {}, descent = {};          // errors
  std::vector<double> newton_loss = {}, descent_loss = {};  // f(w_t), means
};
LogisticSteps measure_logistic_steps(int steps, std::uint64_t prompts);

// Predictions for x_q = c e_1 of a network and of hyperpower iterations, on one context.
inline constexpr double kTrainedRange = 2.6;  // 99% of one coordinate of the inputs at kappa = 1
struct AlongCoordinate {
  std::vector<double> c = {}, network = {}, truth = {};
  std::vector<std::pair<int, std::vector<double>>> iterations = {};  // by order
  // How far the network is from f(c) = slope c, its best line within the range of training: the
  // largest difference over the largest |slope c|, within the range and up to four times it.
  double bend_inside = 0, bend_outside = 0;
};
AlongCoordinate along_coordinate(const Transformer& network, const Problem& problem, int steps);

}  // namespace gramian::newton
