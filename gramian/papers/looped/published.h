// Tables of this project against the published numbers of Gatmiry et al. (2024): ours with its
// standard error, theirs, where theirs comes from, and why the two differ.
#pragma once

#include <span>

#include "gramian/figures/result.h"
#include "gramian/papers/looped/claims.h"

namespace gramian::looped {

// Fig. 2, beside the best loss of the restricted model (A, u), which the figure is not of.
Table published_training(std::span<const FullNumbers> networks, bool quick);

// Fig. 3.
Table published_loops(std::span<const ExtraLoopsNumbers> networks);

}  // namespace gramian::looped
