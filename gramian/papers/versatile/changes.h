// The study `changes`, as its tests see it: what was measured, and the claims that follow.
#pragma once

#include <string>
#include <vector>

#include "gramian/evaluation/changes.h"
#include "gramian/figures/result.h"
#include "gramian/papers/versatile/problem.h"
#include "gramian/studies/scores.h"

namespace gramian::versatile {

// One network: FULL at one depth on one noise problem.
struct MeasuredChanges {
  int layers = 0;
  const Problem* problem = &main_problem();
  int seed = 0;
  bool counts = true;  // the seed of its cell that counts in Table 1
  Changes changes = {};

  std::string place() const;  // "L = 3 on sigma ~ U(0, 5), seed 0"
  // Of P and Q of all layers, the median number of directions that hold 99% of the change. Requires
  // updates (asserted).
  double median_rank() const;
  // The loss with all changes at this rank, or after this share of the weights was pruned, the
  // smallest first, and the rest retrained: as a multiple of the loss of the network as it is, with
  // a standard error that takes the two for independent. Not finite where there is no such number.
  Estimate at_rank(int rank) const;
  Estimate after_pruning(double share) const;
};

// Not judged without networks.
std::vector<Claim> changes_claims(const std::vector<MeasuredChanges>& list);

// What the page shows of them: on the main problem every seed at full length, and one network of
// each cell on all problems. Requires networks (asserted).
std::vector<Table> changes_tables(const std::vector<MeasuredChanges>& list);
std::vector<Figure> changes_figures(const std::vector<MeasuredChanges>& list);

}  // namespace gramian::versatile
