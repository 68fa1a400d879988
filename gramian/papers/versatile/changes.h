// The study `changes`, as its tests see it: what was measured, and the claims that follow.
#pragma once

#include <vector>

#include "gramian/evaluation/changes.h"
#include "gramian/figures/result.h"

namespace gramian::versatile {

// One seed of FULL at one depth.
struct MeasuredChanges {
  int layers = 0;
  Changes changes = {};

  // Of P and Q of all layers, the median number of directions that hold 99% of the change. Requires
  // updates (asserted).
  double median_rank() const;
};

// Not judged without networks.
std::vector<Claim> changes_claims(const std::vector<MeasuredChanges>& list);

}  // namespace gramian::versatile
