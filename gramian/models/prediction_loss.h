// The loss of one prediction:
//
//     squared  1/2 (prediction - target)^2
//     hinge    max(0, 1 - target prediction), for targets of 1 and -1
//
// On a tape the same losses are operations (tape/operations/hinge.h); these are the numbers of an
// evaluation. Errors: none.
#pragma once

#include <algorithm>
#include <string_view>

#include "gramian/base/words.h"

namespace gramian {

enum class PredictionLoss { squared, hinge };
inline constexpr auto kPredictionLosses =
    words<PredictionLoss>({{PredictionLoss::squared, "squared"}, {PredictionLoss::hinge, "hinge"}});

constexpr double loss_of(PredictionLoss loss, double prediction, double target) {
  if (loss == PredictionLoss::hinge) return std::max(0.0, 1 - target * prediction);
  const double residual = prediction - target;
  return 0.5 * residual * residual;
}

// The loss as a formula, for headings.
constexpr std::string_view formula_of(PredictionLoss loss) {
  return loss == PredictionLoss::hinge ? "max(0, 1 - target prediction)"
                                       : "1/2 (prediction - target)^2";
}

}  // namespace gramian
