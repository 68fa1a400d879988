// Von Oswald et al. (2023): transformers that are trained to continue sequences learn an algorithm
// that fits a model of the sequence in context.
#pragma once

#include "gramian/studies/study.h"

namespace gramian::mesa_optimisation {

extern const Paper paper;

}  // namespace gramian::mesa_optimisation
