// Errors of the hyperpower iterations on the problem of the publication, d = 10 and n = 50, beside
// those of an independent run of them. The publication itself shows them as curves and prints no
// numbers.
#pragma once

#include "gramian/figures/result.h"

namespace gramian::newton {

Table published_iterations(std::uint64_t prompts);

}  // namespace gramian::newton
