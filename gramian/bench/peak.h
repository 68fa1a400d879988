// The speed limit: how many multiply-adds a core can do.
#pragma once

namespace gramian {

// Float operations a second, in GFLOP/s, of one core on chains of independent fused
// multiply-adds in registers, with the instruction set in use. A multiply-add counts two.
// The best of several short runs, some 30 ms in all.
double measure_peak_gflops();

}  // namespace gramian
