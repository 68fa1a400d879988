// The claims of Giannou et al. (2024), and of what is built after them, from numbers alone. A claim
// over numbers of which none is there is not judged.
#pragma once

#include <vector>

#include "gramian/figures/result.h"
#include "gramian/papers/newton/measure.h"

namespace gramian::newton {

std::vector<Claim> constructed_claims(const std::vector<ConstructedNumbers>& networks,
                                      const std::vector<LogisticNumbers>& logistic);

// Errors over d of the seeds of one trained network.
struct TrainedErrors {
  Setting setting = {};
  std::vector<Estimate> seeds = {};
};

// kappa = 1. `iterations`: of iteration_errors, to at least as many steps as there are layers.
std::vector<Claim> depth_claims(const std::vector<TrainedErrors>& networks,
                                const std::vector<StepErrors>& iterations);

// One network along a coordinate.
struct BendNumbers {
  Variant variant = Variant::plain;
  std::vector<double> inside = {}, outside = {};  // of each seed
};
std::vector<Claim> coordinate_claims(const std::vector<BendNumbers>& networks);

// A problem with its networks and iterations of at least as many steps as these have layers.
struct ConditionNumbers {
  TrainedErrors trained = {};
  std::vector<StepErrors> iterations = {};
};
std::vector<Claim> condition_claims(const std::vector<ConditionNumbers>& problems);

// Encoders on logistic regression: errors of predicting <w, x_q>.
struct EncoderErrors {
  int layers = 0;
  std::vector<Estimate> seeds = {};
};
std::vector<Claim> logistic_claims(const std::vector<EncoderErrors>& encoders,
                                   const LogisticSteps& steps);

// Where a network of so many layers stands in degrees of the iteration of order 2.
struct DegreeNumbers {
  int layers = 0;
  double equivalent = 0;  // equivalent_degree of its error
};
std::vector<Claim> degree_claims(const std::vector<DegreeNumbers>& networks);

}  // namespace gramian::newton
