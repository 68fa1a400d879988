// The studies of transformers that learn by gradient descent (von Oswald et al. 2022, linear part):
// what is trained, and how a trained network is compared with gradient descent.
//
// x ~ U(-1/2, 1/2)^d, w ~ N(0, I), no noise, d = 10. The paper's text says U(-1, 1); its numbers
// are those of this range.
#pragma once

#include <string>
#include <vector>

#include "gramian/evaluation/alignment.h"
#include "gramian/models/network.h"
#include "gramian/studies/draw.h"
#include "gramian/studies/networks.h"
#include "gramian/studies/recipe.h"
#include "gramian/theory/gd_family.h"

namespace gramian::gd {

inline constexpr int kDimension = 10;
inline constexpr int kContexts[] = {5, 10, 25, 50};  // n
inline constexpr double kInputScales[] = {0.5, 0.75, 1, 1.25, 1.5, 1.75, 2};

// A FULL network and the length of its contexts.
struct Setting {
  int layers = 1;
  int n = 10;
  bool tied = true;  // one layer, `layers` times

  std::string name() const;   // of its cell
  std::string model() const;  // "5 loops" or "5 layers"
  Cell cell() const;
};

std::string recipe(const Effort& effort);  // of these cells, in words

// With inputs of `scale` times the range.
RegressionTask task_of(int n, double scale = 1);

// A GD++ network with these layers; for its kind see models/network.h.
Network descent_network(const std::vector<GdLayer>& layers);

// On prompts of a seed that no training and no fit has seen.
Alignment compare(const Network& network, const Network& other, int n, double input_scale,
                  double target_scale, bool quick);

// A model at one step of its training, beside another.
struct Along {
  double step = 0;
  Alignment alignment = {};
};
// The models that a run kept along the way. Errors: io; format.
Expected<std::vector<Along>> along_training(const Trained& trained, const Network& other, int n,
                                            const StudyOptions& options);
// Mean cosine and mean differences of sensitivities and predictions, against the step.
struct AlongNames {
  std::string cosine, sensitivity, prediction;
};
std::vector<Series> along_series(const std::vector<Along>& along, const AlongNames& names);
AlongNames names_beside(const std::string& other);  // "cosine to GD++", ..

// A trained layer in the units of the construction: Q / beta and P beta, beta the mean of the
// diagonal of Q over x.
LayerWeights normalised(const Network& network);

// The step and the curvature that a normalised layer has on average: minus the yy entry of P, and
// minus the mean of its diagonal over x.
GdLayer as_gd_layer(const LayerWeights& normalised);

}  // namespace gramian::gd
