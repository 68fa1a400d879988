// Losses of baselines at the sizes of the publication, d = 10 and T = 50, from an independent run;
// the publication itself shows curves and prints no numbers.
#pragma once

#include <cstdint>
#include <vector>

#include "gramian/papers/mesa_optimisation/claims.h"

namespace gramian::mesa_optimisation {

// Baselines on `prompts` prompts, tuned on eight times as many others, beside that run.
std::vector<ReferenceNumbers> measure_reference(std::uint64_t prompts);

}  // namespace gramian::mesa_optimisation
