// Choosing a solver's constants: minimise its mean loss over a batch of prompts.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "gramian/solvers/solver.h"

namespace gramian {

// Mean integrated loss, +infinity if it is not a number. The query is always
// integrated here: the sampled loss has the same minimum, with more noise.
double mean_loss(const Solver& solver, const SpectrumBatch& prompts);
// The losses that it is the mean of, prompt by prompt.
std::vector<double> losses(const Solver& solver, const SpectrumBatch& prompts);

// The minimiser of f over {0} and [low, high], 0 <= low <= high, to four digits. A scan in the
// logarithm brackets the minimum, and a golden section finds it. On a tie 0 wins.
double minimise_scale(const std::function<double(double)>& f, double low, double high);

struct ScaleRange {
  double low, high;
};

// The range in which the step size of an iteration on (alpha - Sigma w) is searched: above 2 /
// l_max it diverges, and below 1 / (l_max + steps sigma^2) it would shrink more than any ridge
// regression. {0, 0} if every Sigma is 0.
ScaleRange step_size_range(const SpectrumBatch& prompts, int steps);

double mean_square_noise(const SpectrumBatch& prompts);  // of sigma; 0 for an empty batch

// A minimiser of f(scale, other) for two constants that interact. First minimise_scale finds the
// best scale for each given value of the other constant, of which there must be one at least. From
// the best of these pairs the simplex method of Nelder and Mead goes on in (log scale, other), its
// first step in `other` being `size`, until the values of f at its corners agree to a relative
// 1e-7.
struct Pair {
  double scale, other;
};
Pair minimise_pair(const std::function<double(double, double)>& f, ScaleRange range,
                   std::span<const double> others, double size);

}  // namespace gramian
