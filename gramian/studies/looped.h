// The studies of looped transformers (Gatmiry et al. 2024): what is trained, and its published
// numbers.
//
// Losses in these studies are the paper's, E (prediction - y)^2: twice those of the rest of this
// library.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gramian/models/network.h"
#include "gramian/studies/draw.h"
#include "gramian/studies/recipe.h"
#include "gramian/tasks/task.h"

namespace gramian {

extern const Recipe looped_recipe;

// x ~ N(0, S), w ~ N(0, S^-1), no noise; S = R diag R^T with eigenvalues from kappa^-1/2 to
// kappa^1/2 in equal ratios and a fixed rotation R.
struct LoopedProblem {
  Problem problem;
  int d, n;
  double kappa;
};

std::span<const LoopedProblem> looped_problems();
// d, n and kappa must be in the list.
const LoopedProblem& looped_problem(int d, int n, double kappa);

// S, row-major [d, d], rounded to eight digits as it stands in configurations; empty for kappa = 1.
std::vector<double> looped_covariance(int d, double kappa);
RegressionTask looped_task(int d, int n, std::vector<double> covariance);

// The first layer of a network, `layers` times.
Network looped(const Network& network, int layers);

// The network of a trained cell.
Expected<Network> load_network(const Trained& trained, const StudyOptions& options);

// Values read off the paper's figures. Their d and n are not given there.
struct LoopedPublished {
  int layers;
  bool tied;
  double loss;
};
std::span<const LoopedPublished> looped_published_training();  // Fig. 2, where curves level out

inline constexpr int kExtraLoops[] = {1, 2, 5, 10, 20, 50};
// Fig. 3: networks trained for 2 or 5 loops, after each of kExtraLoops; with the S of training and
// with another.
std::span<const double> looped_published_loops(int trained, bool other_covariance);

}  // namespace gramian
