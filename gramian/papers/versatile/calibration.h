// What the published baselines say about the prompts that the paper measured on.
//
// The networks and the ridge solvers of one noise problem were measured on the same prompts: the
// published table shows it (common_prompts_claim says how well). What these solvers lose on
// average is known, so that their published values say how the paper's 100,000 prompts differ from
// the average, and what a network loses varies together with what they lose. Let
//
//   C    covariance of adjusted losses of a network m and the solvers s = CONSTRR, ADARR and
//        TUNEDRR, with one sampled query a prompt, over kPaperPrompts; measured on our network
//   R    diagonal: squared errors of the published solver values (rounding: uniform, so its square
//        over 3) and of our values for them
//   r    published minus expected values of the solvers
//
// Then the best linear estimate of the published network's sampling error is C_ms (C_ss + R)^-1 r,
// and C_mm - C_ms (C_ss + R)^-1 C_sm is the variance that is left: a control variate. It is never
// more than C_mm, and a quarter of it where a network is close to TUNEDRR.
#pragma once

#include <optional>

#include "gramian/papers/versatile/problem.h"
#include "gramian/studies/judge.h"
#include "gramian/studies/recipe.h"
#include "gramian/studies/runner.h"

namespace gramian::versatile {

struct Calibration {
  double error = 0;  // estimated: published minus what the published network is expected to lose
  double se = 0;     // what is left of the protocol's standard error
  double explained = 0;  // share of its variance that the solvers explain, in [0, 1]
};

// Nothing without noise, where the solvers lose nothing, and where covariances were not measured or
// are not finite.
std::optional<Calibration> calibrate(const Scores& scores, const Problem& problem);

// The published values of the three solvers and ours: r' (C_ss + R)^-1 r, which is chi-squared with
// three degrees of freedom where they are means of one law. Nothing as above.
std::optional<double> solvers_chi_squared(const Scores& scores, const Problem& problem);

// Whether the published table shows what calibrate() takes for granted: GD++ from five layers on is
// CONSTRR, and with one layer the three kinds are one network, so that on common prompts the
// published values are the same up to training and rounding, and on prompts of their own would
// differ by the protocol's error.
Claim common_prompts_claim(const Archive& archive);

}  // namespace gramian::versatile
