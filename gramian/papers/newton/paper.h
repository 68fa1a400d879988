// Giannou et al. (2024): which of Newton's iterations linear attention can run, and which it
// learns.
#pragma once

#include "gramian/studies/study.h"

namespace gramian::newton {

extern const Paper paper;

}  // namespace gramian::newton
