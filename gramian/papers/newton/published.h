// Numbers of the publication and of its code beside ours: errors of the hyperpower iterations on
// its problem, d = 10 and n = 50, which its figures have as curves.
#pragma once

#include "gramian/figures/result.h"

namespace gramian::newton {

Table published_iterations(std::uint64_t prompts);

}  // namespace gramian::newton
