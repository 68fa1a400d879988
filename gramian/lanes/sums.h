// Sums over the lanes of a block, compiled once for each instruction set.
//
// All are in double and by halves: lane p is added to lane p + 8, then p to p + 4, p + 2 and p + 1.
// So the order is fixed, and results are the same to the bit, whatever the width of a register.
// Preconditions: data on a boundary of 64 bytes, as lanes are. No errors, no memory.
#pragma once

#include "gramian/lanes/view.h"

namespace gramian {

// sums[i] = sum over the lanes of row i; sums has as many numbers as there are rows.
void sum_lanes(LaneView<const float> rows, double* sums);
void sum_lanes(LaneView<const double> rows, double* sums);

// square[i, j] += sum over lanes p of rows[i, p] rows[j, p] for j <= i, where the products are
// rounded to the type of the rows; square has rows x rows numbers, by rows.
void add_lane_products(LaneView<const float> rows, double* square);
void add_lane_products(LaneView<const double> rows, double* square);

}  // namespace gramian
