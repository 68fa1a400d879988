// The explanation in words. Every sentence is made from numbers of the Explanation by the rules and
// limits below, and quotes them; where the numbers do not support a word, it is not used.
#pragma once

#include <string>
#include <vector>

#include "gramian/explain/explain.h"

namespace gramian {

namespace wording {

// A layer is called "a gradient step" if the gradient alone explains this share of its change
// (median R^2, at the worst of the noise levels). Otherwise it is "a preconditioned gradient step"
// if M^T alpha^l and w explain that share (dynamics.h; in a diagonal network they always do), and
// "roughly" one if they explain kRoughly. Below that its step and shrinkage are not quoted.
inline constexpr double kExplained = 0.98, kRoughly = 0.9;
// Momentum is named where its share is at least this at some level.
inline constexpr double kMomentum = 0.05;
// A shrinkage is named where its median is at least this in size at the lowest or highest level.
inline constexpr double kShrinkage = 0.02;
// A step is said to depend on the noise where its medians differ by at least this factor.
inline constexpr double kStepFactor = 1.1;
// A nearest algorithm is "the same as" (distance <= kSame), else "nearest to", with its distance.
inline constexpr double kSame = 1e-6;
// Without a part networks have "a higher loss" if the best that was found has one larger by this
// factor and by three standard errors; "exploding" if its standard error is more than the share
// kCarried of the mean, which means that a few prompts carry it; otherwise "no higher".
inline constexpr double kNeeded = 1.02, kCarried = 0.2;

}  // namespace wording

// One sentence or two each: the network as a whole, then its parts, then layer by layer (they begin
// with "Layer l:").
std::vector<std::string> in_words(const Explanation& explanation);

// "conjugate gradients, step 3", "ridge regression, penalty 8.33", "ridge with a penalty for each
// prompt (adarr)".
std::string name_of(const AlgorithmFamily& family, std::size_t column);

}  // namespace gramian
