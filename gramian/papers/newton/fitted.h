// Prompts of classification whose target is what regularised logistic regression on the context
// predicts for the query: <w, x_q>, w the minimum of solvers/logistic.h for the n pairs of the
// context. The truth of a prompt is that w.
//
// (The labels of the publication were fitted to the query too, which a model does not see.)
//
// Requires: labels of 1 and -1, mu > 0 (asserted). Errors: none. Cost: some six steps of Newton a
// prompt.
#pragma once

#include <memory>

#include "gramian/tasks/pair_task.h"

namespace gramian::newton {

std::shared_ptr<const PairTask> fitted_pairs(std::shared_ptr<const PairTask> labelled, double mu);

}  // namespace gramian::newton
