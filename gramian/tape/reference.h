// A tape in plain double loops, one prompt at a time: what the kernels are compared with. Each
// operation states its own loops in its file in operations/.
#pragma once

#include <vector>

#include "gramian/tape/tape.h"

namespace gramian {

// Returns the matrix of every node, by rows. inputs: the matrices of the inputs, by rows, in the
// order in which they were recorded. Preconditions: as many inputs and numbers as the tape has, and
// theta of Tape::parameters().
std::vector<std::vector<double>> evaluate(const Tape& tape, const std::vector<double>& theta,
                                          const std::vector<std::vector<double>>& inputs);

}  // namespace gramian
