// The kernels behind TapeRun, compiled once for each instruction set in kernels_float.cpp and
// kernels_double.cpp.
#pragma once

#include "gramian/tape/tape_run.h"

namespace gramian {

void tape_forward(TapeMemory<float>& memory);
void tape_forward(TapeMemory<double>& memory);
void tape_backward(TapeMemory<float>& memory);
void tape_backward(TapeMemory<double>& memory);

}  // namespace gramian
