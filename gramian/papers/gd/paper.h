// von Oswald et al. (2022): Transformers learn in-context by gradient descent, ICML 2023,
// arXiv 2212.07677.
#pragma once

#include "gramian/studies/study.h"

namespace gramian::gd {

extern const Paper paper;

}  // namespace gramian::gd
