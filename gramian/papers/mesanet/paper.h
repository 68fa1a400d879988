// MesaNet: sequence modelling by locally optimal test-time training (von Oswald et al. 2025).
#pragma once

#include "gramian/studies/study.h"

namespace gramian::mesanet {

extern const Paper paper;

}  // namespace gramian::mesanet
