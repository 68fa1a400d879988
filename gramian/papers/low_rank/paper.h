// Li, Wang, Zhang, Liu, Chen (2024): what training changes in one layer of softmax attention has a
// low rank, and many of its neurons can be pruned.
#pragma once

#include "gramian/studies/study.h"

namespace gramian::low_rank {

extern const Paper paper;

}  // namespace gramian::low_rank
