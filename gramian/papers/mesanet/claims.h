// The claims of MesaNet on recall, from numbers alone. A claim over numbers of which none is there
// is not judged.
#pragma once

#include <vector>

#include "gramian/figures/result.h"
#include "gramian/papers/mesanet/setting.h"
#include "gramian/studies/scores.h"

namespace gramian::mesanet {

// The share of right answers of each trained seed of one mixer on one kind of questions.
struct RecallNumbers {
  RecallKind kind = RecallKind::associative;
  Mixing mixing = Mixing::mesa;
  std::vector<Estimate> seeds = {};
};

// The same networks of the mesa layer, solved by so many steps of conjugate gradients; 0: exactly.
struct SolverNumbers {
  int steps = 0;
  std::vector<Estimate> seeds = {};
};

// Published: the mesa layer is ahead of other states of fixed size on recall, and about as good as
// softmax; some ten steps of conjugate gradients lose nothing.
std::vector<Claim> recall_claims(const std::vector<RecallNumbers>& numbers,
                                 const std::vector<SolverNumbers>& solvers);

}  // namespace gramian::mesanet
