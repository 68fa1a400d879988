// The claims of the studies of gradient descent (von Oswald et al. 2022), from numbers alone.
// Losses are halves of squared errors; steps and gamma are for the plain sum of x x^T.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gramian/figures/result.h"
#include "gramian/studies/scores.h"

namespace gramian::gd {

// The worst of several cases, and which it was.
struct Worst {
  double value = 0;
  std::string where = {};
  void add(double candidate, std::string place) {
    if (candidate <= value && !where.empty()) return;
    value = candidate;
    where = std::move(place);
  }
};

// One layer trained at n = 10, beside one step of gradient descent.
struct OneLayerNumbers {
  Estimate loss = {};
  double seconds = 0;
  double cosine = 0, prediction = 0, sensitivity = 0;  // the metrics of the paper
  double off_diagonal = 0;  // the largest entry of Q off its diagonal, rescaled
  double step = 0, best_step = 0;
};
std::vector<Claim> one_layer_claims(const OneLayerNumbers& one);  // loss, direction, weights

// Losses of the network half way to the construction, and of the trained one.
Claim interpolation_claim(double half_way, double trained);
// Of |ratio of the losses - 1|, over scales of inputs and targets.
Claim out_of_distribution_claim(const Worst& gap);
// The same over n. Without a case it is not judged.
Claim context_lengths_claim(const Worst& gap);

struct RollOutNumbers {
  int applications = 0;
  double apart = 0;  // largest |ratio of the losses - 1| with damping 0.75
  double undamped = 0,
         best_undamped = 0;  // losses without damping: at the end, and the least on the way
  std::string losses = {};   // with damping 0.75, in words
};
std::vector<Claim> roll_out_claims(const RollOutNumbers& rolled);

// Loops (tied) or layers beside as many steps of gradient descent and of GD++.
struct SeveralLayersNumbers {
  std::string name = {};  // "5 loops"
  int layers = 0, n = 0;
  bool tied = false;
  Estimate loss = {};
  double gd = 0,
         gdpp = 0;         // the least losses: one step for all layers of a loop, else each its own
  double gdpp_shared = 0;  // of layers of their own: GD++ with one step for all
  double to_gd = 0, to_gdpp = 0;                        // cosines
  double difference_to_gd = 0, difference_to_gdpp = 0;  // of the sensitivities
  double gamma = 0, best_gamma = 0;
};
std::vector<Claim> several_layers_claims(const SeveralLayersNumbers& several);

// Inputs and targets in tokens of their own, two layers beside one step of gradient descent.
struct InterleavedNumbers {
  Estimate loss = {};
  double seconds = 0;
  double cosine = 0, prediction = 0, sensitivity = 0;  // the metrics of the paper, at the end
  double own = 0, next = 0, others = 0;                // what the first layer reads
  // Steps half way, of copying and of the fall of the loss: known to the step of a snapshot of the
  // weights. Nothing if there is no half way.
  std::optional<double> copies = {}, falls = {};
};
std::vector<Claim> interleaved_claims(const InterleavedNumbers& numbers);

}  // namespace gramian::gd
