// Tables of this project against the published numbers of von Oswald et al. (2022) and Gatmiry et
// al. (2024): ours with its standard error, theirs, where theirs comes from, and why the two
// differ.
#pragma once

#include <span>

#include "gramian/base/error.h"
#include "gramian/studies/gd_claims.h"
#include "gramian/studies/looped_claims.h"
#include "gramian/studies/result.h"
#include "gramian/theory/gd_family.h"

namespace gramian {

// One layer at n = 10. `best`: the closed form of one step of gradient descent. The roll-out is
// read from the figure "gd-fig1" of the result.
Table published_one_layer(const OneLayerNumbers& one, const ContextMean& best,
                          const StudyResult& result);

// Layers, gamma, and eigenvalues of sum x x^T on as many contexts as the paper's (fewer if quick).
// Errors: config.
Expected<Table> published_several_layers(std::span<const SeveralLayersNumbers> networks,
                                         bool quick);

// Fig. 2, beside the best loss of the restricted model (A, u), which the figure is not of.
Table published_training(std::span<const FullNumbers> networks, bool quick);

// Fig. 3.
Table published_loops(std::span<const ExtraLoopsNumbers> networks);

}  // namespace gramian
