// Vladymyrov et al. (2024): Linear transformers are versatile in-context learners, NeurIPS 2024,
// arXiv 2402.14180.
#pragma once

#include "gramian/studies/study.h"

namespace gramian::versatile {

extern const Paper paper;

}  // namespace gramian::versatile
