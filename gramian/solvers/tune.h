// Choosing a solver's constants: minimise its mean loss over a batch of prompts.
#pragma once

#include <functional>
#include <span>

#include "gramian/solvers/solver.h"

namespace gramian {

// Mean integrated loss, +infinity if it is not a number. The query is always
// integrated here: the sampled loss has the same minimum, with more noise.
double mean_loss(const Solver& solver, const SpectrumBatch& prompts);

// The minimiser of f over {0} and [low, high], 0 <= low <= high, to four digits: a scan
// in the logarithm finds the basin, a golden section its floor. On a tie 0 wins.
double minimise_scale(const std::function<double(double)>& f, double low, double high);

struct ScaleRange {
  double low, high;
};

// Where the step size of an iteration on (alpha - Sigma w) is looked for: beyond 2 / l_max it
// diverges; below 1 / (l_max + steps sigma^2) it would shrink more than any ridge. {0, 0} if every
// Sigma is 0.
ScaleRange step_size_range(const SpectrumBatch& prompts, int steps);

double mean_square_noise(const SpectrumBatch& prompts);  // of sigma; 0 for an empty batch

// A minimiser of f(scale, other) for two constants that interact: the best scale in the range, as
// by minimise_scale, for each of the given starts of the other; from the best pair the simplex of
// Nelder and Mead in (log scale, other), whose first step in `other` is `size`, until its values
// agree to 1e-7 of themselves.
struct Pair {
  double scale, other;
};
Pair minimise_pair(const std::function<double(double, double)>& f, ScaleRange range,
                   std::span<const double> others, double size);

}  // namespace gramian
