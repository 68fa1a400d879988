// Which known algorithm has come as far as a layer: distances between implicit weights.
//
//     distance = E |w^l - v|_S^2 / E |w^l|_S^2        |.|_S as in the loss; 0: the same
//       predictions, 1: as far as zero
//
// v is the algorithm on the same prompt, with the constants (step size, momentum, ..) that bring it
// nearest to w^l, one choice for all prompts: it is asked whether the layer has computed what the
// algorithm would, not whether it is tuned as well. Prompts on which the network explodes are left
// out and counted; were it all of them, distances would be NaN.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gramian/models/network.h"
#include "gramian/parallel/pool.h"
#include "gramian/solvers/solver.h"
#include "gramian/tasks/task.h"

namespace gramian {

// More steps and more constants can only come nearer, so of distances that differ by less than the
// factor kTie, or are below kSame, the one of fewer steps and of the simpler family is taken.
inline constexpr double kTie = 1.25;
inline constexpr double kSame = 1e-6;

struct AlgorithmFamily {
  std::string name =
      {};  // "gd", "gdpp", "momentum", "cg", "cg_ridge", "newton", "ridge", "adaptive"
  std::string title = {};                          // "gradient descent"
  std::string column = {};                         // what a column is: "steps", "penalty", ""
  std::vector<std::string> columns = {};           // "1", "2", ..
  std::vector<std::vector<double>> distance = {};  // [L][columns]
  std::vector<std::vector<std::vector<Solver::Constant>>> constants = {};  // [L][columns], as tuned

  std::size_t best(
      std::size_t layer) const;  // the first column within kTie of the least distance in this layer
};

struct Match {
  std::size_t family = 0, column = 0;
  double distance = 0;
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
