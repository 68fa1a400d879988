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
// Where the curves end: loops; layers of their own; beside the best GD++ loop; and by depth, which
// needs 2, 5 and 10 layers, looped and not.
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
// The mean and the median beside the published losses; and that more loops go on.
std::vector<Claim> full_loops_claims(std::span<const ExtraLoopsNumbers> networks);

// The restricted model trained for 2 loops at n = 100 or 30. Where a mean is carried by contexts so
// rare that a sample has none of them, the exact expectation decides (theory/eigenvalue_law.h).
struct RestrictedLoopsNumbers {
  int n = 0;
  double mean_2 = 0, mean_5 = 0, mean_20 = 0, median_20 = 0;  // of a sample
  double a = 0;                                               // a*
  double expected_5 = 0, expected_20 = 0;                     // of A = a* I, over all contexts
  Estimate diverging = {};  // share of contexts with an eigenvalue above 2/a*, of a sample
  double above = 0;         // expected eigenvalues above 2/a* of a context
};
std::vector<Claim> restricted_loops_claims(const RestrictedLoopsNumbers& loops);

// On S = c I: share of contexts with c a* lambda_max > 2, and medians.
struct ScaleNumbers {
  double c = 0, share = 0, median_2 = 0, median_50 = 0;
};
Claim scales_claim(std::span<const ScaleNumbers> scales);

// The best symmetric A = a I and the best a I + k J, judged on the same contexts.
struct RotationNumbers {
  int n = 0, loops = 0;
  double a = 0;                      // of the symmetric one
  double turned_a = 0, k = 0;        // of the other
  double symmetric = 0, turned = 0;  // losses
  double exact = 0;                  // of the symmetric one, over all contexts
  Estimate ratio = {};               // turned / symmetric
};
// The k of a trained restricted model (n = 100), beside that of theory.
struct TrainedRotation {
  int loops = 0;
  double k = 0, best_k = 0, a = 0;
};
std::vector<Claim> rotation_claims(std::span<const RotationNumbers> numbers,
                                   std::span<const TrainedRotation> trained);

}  // namespace gramian::looped
