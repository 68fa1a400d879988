// A tape in plain double loops, one prompt at a time: what the kernels are compared with.
#pragma once

#include <vector>

#include "gramian/tape/tape.h"

namespace gramian {

// inputs: the matrices of the inputs, by rows, in the order in which they were recorded. Returns
// the matrix of every node.
std::vector<std::vector<double>> evaluate(const Tape& tape, const std::vector<double>& theta,
                                          const std::vector<std::vector<double>>& inputs);

}  // namespace gramian
