// The known algorithm that is nearest to a layer, by the distance of implicit weights:
//
//     distance = E |w^l - v|_S^2 / E |w^l|_S^2        (|v|_S^2 = v^T S v, as in the loss)
//
// It is 0 for equal predictions and 1 for those of zero. v is what the algorithm computes on the
// same prompt, with the constants (step size, momentum, ..) that bring it nearest to w^l, one
// choice for all prompts: the question is whether the layer computes what the algorithm computes,
// not whether the algorithm's constants are as good. Prompts on which the network explodes are left
// out and counted; if all explode, distances are NaN.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gramian/models/network.h"
#include "gramian/parallel/pool.h"
#include "gramian/solvers/solver.h"
#include "gramian/tasks/task.h"

namespace gramian {

// More steps and more constants can only reduce a distance. Of distances that differ by less than
// the factor kTie, or are below kSame, the one with fewer steps and of the simpler family is
// therefore the match.
inline constexpr double kTie = 1.25;
inline constexpr double kSame = 1e-6;

struct AlgorithmFamily {
  std::string name =
      {};  // "gd", "gdpp", "momentum", "cg", "cg_ridge", "newton", "ridge", "adaptive"
  std::string title = {};                          // "gradient descent"
  std::string column = {};                         // what a column is: "steps", "penalty", ""
  std::vector<std::string> columns = {};           // "1", "2", ..
  std::vector<std::vector<double>> distance = {};  // [L][columns]
  std::vector<std::vector<double>> error = {};     // its standard error over prompts, the same
  std::vector<std::vector<std::vector<Solver::Constant>>> constants = {};  // [L][columns], as tuned

  std::size_t best(
      std::size_t layer) const;  // the first column within kTie of the least distance in this layer
};

struct Match {
  std::size_t family = 0, column = 0;
  double distance = 0, error = 0;
};

struct Similarity {
  std::size_t prompts = 0;
  std::size_t left_out = 0;
  std::vector<AlgorithmFamily> families;  // the simplest first
  // Of each layer: the first family whose distance is within kTie of the least.
  std::vector<Match> matches;
};

// Gradient descent, GD++ by hand, momentum, conjugate gradients (without a penalty and with a tuned
// one) after 1 to `steps` steps; Newton's iteration for S^-1, X <- X (2 - S X) from a tuned
// multiple of I, whose k steps are 2^k steps of gradient descent; ridge regression along a path of
// penalties; ridge with its penalty chosen for each prompt, and Bayes. `threshold`: a loss of w^L
// that is not <= this is an explosion.
Similarity compare_layers(const RegressionTask& task, const Network& network, int steps,
                          std::size_t prompts, double threshold, std::uint64_t seed,
                          ThreadPool& pool);

}  // namespace gramian
