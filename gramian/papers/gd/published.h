// Tables of this project against the published numbers of von Oswald et al. (2022): ours with its
// standard error, theirs, where theirs comes from, and why the two differ.
#pragma once

#include <span>

#include "gramian/base/error.h"
#include "gramian/figures/result.h"
#include "gramian/papers/gd/claims.h"
#include "gramian/theory/gd_family.h"

namespace gramian::gd {

// One layer at n = 10. `best`: the closed form of one step of gradient descent. `rolled_out`: the
// losses after 1, 2, .. applications of the layer with damping 0.75; may be empty.
Table published_one_layer(const OneLayerNumbers& one, const ContextMean& best,
                          std::span<const double> rolled_out);

// Layers, gamma, and eigenvalues of sum x x^T on as many contexts as the paper's (fewer if quick).
// Errors: config.
Expected<Table> published_several_layers(std::span<const SeveralLayersNumbers> networks,
                                         bool quick);

}  // namespace gramian::gd
