// What networks do outside the distribution that they were trained on: measured by shift.cpp,
// judged here.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gramian/figures/result.h"
#include "gramian/studies/scores.h"

namespace gramian::versatile {

// Adjusted losses on prompts of another distribution, by the place on the axis that is shifted.
struct ShiftPoint {
  double x = 0;
  Estimate loss = {};
};
struct ShiftCurve {
  std::string name = {};  // "DIAG"
  std::vector<ShiftPoint> points = {};

  // Unknown (NaN) where the curve has no such point.
  Estimate at(double x) const;
};

// DIAG or FULL against the number of examples of a context; trained with 20.
struct ContextShift {
  std::string kind = {};
  ShiftCurve trained = {};  // as trained, means over the context
  ShiftCurve fixed = {};    // sums over the context, divided by the 20 of training
  ShiftCurve moments = {};  // shown as 20 examples that say as much (shift.cpp)
  ShiftCurve mixed = {};    // another network, trained on 10 to 80 examples
  ShiftCurve bayes = {};
};
std::vector<Claim> context_claims(std::span<const ContextShift> kinds);

// One other shift: noise (x: sigma_max), covariance (x: condition number), inputs (x: d).
struct OtherShift {
  std::vector<ShiftCurve> networks = {};
  ShiftCurve bayes = {};    // that knows the distribution of the prompts
  ShiftCurve trained = {};  // Bayes with the noise prior of training; empty but for noise
};
std::vector<Claim> noise_shift_claims(const OtherShift& shift);
std::vector<Claim> covariance_shift_claims(const OtherShift& shift);
std::vector<Claim> size_shift_claims(const OtherShift& shift);

}  // namespace gramian::versatile
