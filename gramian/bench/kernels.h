// The speed of the kernels alone, on the networks that the tests check.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gramian/bench/cases.h"

namespace gramian {

// One block of sixteen prompts on one thread, in float.
struct KernelTime {
  double forward_us = 0;  // medians
  double backward_us = 0;
  double gflops = 0;  // operations of both over the time of both
  double us() const { return forward_us + backward_us; }
};

// Half of `budget` seconds goes to the forward and half to the backward pass.
KernelTime time_kernels(const NetworkCase& what, double budget);

struct KernelBench {
  struct Target {
    std::string simd;
    double peak_gflops;  // of one core
  };
  struct Row {
    NetworkCase what;
    std::vector<KernelTime> times;  // one for each target
  };
  std::vector<Target> targets;
  std::vector<Row> rows;
};

// Times each case on all targets (names from simd_targets()) in turn, so that the times of a ratio
// are taken under the same load. `report` as for run_bench.
KernelBench run_kernel_bench(const std::vector<NetworkCase>& cases,
                             const std::vector<std::string>& targets, double budget,
                             const std::function<bool(int done, int total)>& report);

std::string kernel_json(const KernelBench& bench);
std::string kernel_table(const KernelBench& bench);

}  // namespace gramian
