// Prompts one by one, for computations in plain double loops: implicit states, fits, distances.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gramian/solvers/spectrum.h"
#include "gramian/tasks/task.h"

namespace gramian {

struct Prompt {
  std::vector<double> gram;   // [D, D] sum_i e_i e_i^T
  std::vector<double> truth;  // [d]
  double sigma = 0;
};

// What prompts are for; the sets share no prompt with each other or with an evaluation of the same
// seed.
enum class PromptSet : std::uint32_t {
  readings = 0x10000,
  probe,
  probe_test,
  similarity,
  stability
};

std::vector<Prompt> draw_prompts(const RegressionTask& task, std::uint64_t seed, PromptSet set,
                                 std::size_t count);

// The spectra of these prompts with `targets` [d] each in place of the truth. A loss is then half
// the squared distance to the target, and tuning a solver brings it as near to the targets as it
// can be.
SpectrumBatch spectra_towards(const RegressionTask& task, std::span<const Prompt> prompts,
                              std::span<const std::vector<double>> targets);

// |v|_S^2 = v^T S v, S the covariance of x: the squared difference of predictions, averaged over
// the query.
double squared_norm(const RegressionTask& task, std::span<const double> v);

}  // namespace gramian
