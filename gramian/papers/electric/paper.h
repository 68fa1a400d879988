// Cheng, Carin and Sra (2024): linear transformers that compute on graphs.
#pragma once

#include "gramian/studies/study.h"

namespace gramian::electric {

extern const Paper paper;

}  // namespace gramian::electric
