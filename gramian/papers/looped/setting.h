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
#include "gramian/studies/networks.h"
#include "gramian/studies/recipe.h"
#include "gramian/tasks/task.h"

namespace gramian::looped {

// x ~ N(0, S), w ~ N(0, S^-1), no noise; S = R diag R^T with eigenvalues from kappa^-1/2 to
// kappa^1/2 in equal ratios and a fixed rotation R.
struct Problem {
  int d = 10, n = 100;
  double kappa = 1;

  std::string id() const;     // "gaussian-d10-n100-kappa1"
  std::string title() const;  // "d = 10, n = 100, S = I"
};

struct Setting {
  Parametrisation kind = Parametrisation::full;
  int layers = 1;
  Problem problem = {};
  bool tied = true;  // one layer, `layers` times

  std::string name() const;  // of its cell
  Cell cell() const;
};

std::string recipe(const Effort& effort);  // of these cells, in words

// S, row-major [d, d], rounded to eight digits as it stands in configurations; empty for kappa = 1.
std::vector<double> covariance_of(int d, double kappa);
RegressionTask task_of(int d, int n, std::vector<double> covariance);

// Values read off the paper's figures. Their d and n are not given there.
struct PublishedLevel {
  int layers;
  bool tied;
  double loss;
};
std::span<const PublishedLevel> published_levels();  // Fig. 2, where curves level out

inline constexpr int kExtraLoops[] = {1, 2, 5, 10, 20, 50};
// Fig. 3: networks trained for 2 or 5 loops, after each of kExtraLoops; with the S of training and
// with another.
std::span<const double> published_losses(int trained, bool other_covariance);

}  // namespace gramian::looped
