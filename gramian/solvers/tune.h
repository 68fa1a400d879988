// Choosing a solver's constants: minimise its mean loss over a batch of prompts.
#pragma once

#include <functional>

#include "gramian/solvers/solver.h"

namespace gramian {

// Mean integrated loss, +infinity if it is not a number. The query is always
// integrated here: the sampled loss has the same minimum, with more noise.
double mean_loss(const Solver& solver, const SpectrumBatch& prompts);

// The minimiser of f over {0} and [low, high], 0 <= low <= high, to four digits: a scan
// in the logarithm finds the basin, a golden section its floor. On a tie 0 wins.
double minimise_scale(const std::function<double(double)>& f, double low, double high);

}  // namespace gramian
