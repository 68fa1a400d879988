// The claims of the studies of looped transformers (Gatmiry et al. 2024), from numbers alone.
// Losses are E (prediction - y)^2. A claim over cases of which none is there is not judged.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gramian/figures/result.h"
#include "gramian/studies/scores.h"

namespace gramian::looped {

// A trained restricted model, A' = S^1/2 A S^1/2, beside theory.
struct RestrictedNumbers {
  std::string place = {};  // "d = 10, n = 100, S = I, L = 2"
  int d = 0, n = 0, loops = 0;
  Estimate loss = {}, best = {},
           turned = {};  // trained; at the best symmetric A; at the best A' = a I + k J
  double low = 0, mean = 0, high = 0;  // eigenvalues of the symmetric part of A'
  double a = 0;                        // a*, the step of the best symmetric A
  double turn = 0, best_turn = 0;      // k
  double u = 0;                        // |u|
};
std::vector<Claim> restricted_claims(std::span<const RestrictedNumbers> cells);

struct DominanceSlope {
  int loops = 0;
  double slope = 0;
};
Claim dominance_claim(std::span<const DominanceSlope> slopes);

// A trained full network, looped (tied) or with layers of its own.
struct FullNumbers {
  std::string name = {};  // "2 loops"
  int layers = 0;
  bool tied = false;
  Estimate loss = {}, best = {};  // trained; of the best GD++ with as many layers
  double published = 0;
};
// Where the curves end. The last claim needs 2, 5 and 10 layers, looped and not.
std::vector<Claim> full_training_claims(std::span<const FullNumbers> cells);

// The layer of a network trained for `trained` loops, used for others: at kExtraLoops.
struct ExtraLoopsNumbers {
  int trained = 0;
  bool other_covariance = false;
  std::vector<double> mean = {}, median = {};  // at kExtraLoops
  std::vector<double> mean_se = {};            // the same
  double median_trained = 0;                   // at `trained` loops
  std::vector<double> published = {};          // at kExtraLoops; empty if there is none
};
std::vector<Claim> full_loops_claims(std::span<const ExtraLoopsNumbers> networks);

// The restricted model trained for 2 loops at n = 100 or 30.
struct RestrictedLoopsNumbers {
  int n = 0;
  double mean_2 = 0, mean_5 = 0, mean_20 = 0, median_20 = 0;
  double a = 0;             // a*
  Estimate diverging = {};  // share of contexts with an eigenvalue above 2/a*
};
std::vector<Claim> restricted_loops_claims(const RestrictedLoopsNumbers& loops);

// On S = c I: share of contexts with c a* lambda_max > 2, and medians.
struct ScaleNumbers {
  double c = 0, share = 0, median_2 = 0, median_50 = 0;
};
Claim scales_claim(std::span<const ScaleNumbers> scales);

}  // namespace gramian::looped
