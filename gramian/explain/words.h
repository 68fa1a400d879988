// The explanation in words. Every sentence is made from numbers of the Explanation by the rules and limits below, and
// quotes them; where the numbers do not support a word, it is not used.
#pragma once

#include <string>
#include <vector>

#include "gramian/explain/explain.h"

namespace gramian {

namespace words {

// A layer is "a gradient step" if the gradient alone explains this share of its change (median R^2 at every noise
// level that was read); "a preconditioned gradient step" in a diagonal network otherwise (Pi of Lemma 4.4 is no
// multiple of I). In a full network the fit decides: with this R^2 together with shrinkage and momentum they are
// named, otherwise the layer is "not a step of this kind".
inline constexpr double kExplained = 0.98;
// Momentum is named where its share (diag) or coefficient (full) is at least this at some level.
inline constexpr double kMomentum = 0.05;
// A shrinkage is named where the medians at two levels differ by at least this, or one is at least this in size.
inline constexpr double kShrinkage = 0.02;
// A step is said to depend on the noise where its medians differ by at least this factor.
inline constexpr double kStepFactor = 1.1;
// A nearest algorithm is "the same as" (distance <= kSame), "close to" (<= kClose), else "nearest to, but not close".
inline constexpr double kSame = 1e-6, kClose = 0.02;
// A part "is needed" if the loss without it, retrained where it was, is larger by this factor and by three standard
// errors.
inline constexpr double kNeeded = 1.02;

}  // namespace words

// One sentence or two each: the network as a whole, then its parts, then layer by layer (they begin with "Layer l:").
std::vector<std::string> in_words(const Explanation& explanation);

// "conjugate gradients, step 3", "ridge regression, penalty 8.33", "ridge with a penalty for each prompt (adarr)".
std::string name_of(const AlgorithmFamily& family, std::size_t column);

}  // namespace gramian
