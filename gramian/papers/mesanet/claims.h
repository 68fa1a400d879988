// The claims of MesaNet on recall, from numbers alone. A claim over numbers of which none is there
// is not judged. Right answers are shares; over seeds, a mean and its error (over_seeds).
#pragma once

#include <vector>

#include "gramian/figures/result.h"
#include "gramian/papers/mesanet/measure.h"

namespace gramian::mesanet {

// Published: the mesa layer is ahead of other states of fixed size on recall, and about as good as
// softmax; some ten steps of conjugate gradients lose nothing. And what must be so if the questions
// stress a state of fixed size: that it forgets where there are more items than its keys have
// numbers, and that softmax does not.
std::vector<Claim> recall_claims(const Measured& measured);

}  // namespace gramian::mesanet
