// Gatmiry et al. (2024): Can looped transformers learn to implement multi-step gradient descent for
// in-context learning?, ICML 2024, arXiv 2410.08292.
#pragma once

#include "gramian/studies/study.h"

namespace gramian::looped {

extern const Paper paper;

}  // namespace gramian::looped
