// What a trained restricted model (A, u) is, in the coordinates in which the covariance of x is I.
#pragma once

#include "gramian/base/decompositions.h"
#include "gramian/papers/looped/setting.h"
#include "gramian/theory/eigenvalue_law.h"

namespace gramian::looped {

// A' = C^T A C with S = C C^T, and u.
struct RestrictedModel {
  Eigen::VectorXd spectrum;  // of the symmetric part of A', ascending
  double turn = 0;           // k, if the antisymmetric part is k J with J^T J = I
  double u = 0;              // |u|
  std::vector<double> a;     // A' [d, d]
};

// Of a trained cell of this problem. Errors: io and format of the model file.
Expected<RestrictedModel> load_restricted(const Trained& trained, const Problem& problem,
                                          const StudyOptions& options);

// E (prediction - y)^2 of A' = a I, u = 0, over all contexts: no sampling error. It is large where
// contexts with an eigenvalue above 2/a carry it, however rare they are.
double expected_loss(const EigenvalueLaw& law, double a, int loops);

}  // namespace gramian::looped
