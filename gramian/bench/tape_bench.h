// The speed of the operations of a tape, on the cases that the tests check.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gramian/bench/tape_cases.h"

namespace gramian {

// One operation on one block of sixteen prompts, on one thread, in float.
struct OperationTime {
  double forward_ns = 0;  // medians
  double backward_ns = 0;
  double gflops = 0;  // of products, both passes: operations over time; 0 for other operations
};

struct OperationBench {
  struct Row {
    std::string name;
    int rows, columns;
    std::vector<OperationTime> times;  // one for each machine
  };
  std::vector<std::string> machines;  // instruction sets of the lanes machine
  std::vector<Row> rows;
};

// Each case in two sizes, [8, 8] and [24, 40], on each of the targets (names from simd_targets())
// in turn. Half of `budget` seconds goes to the forward and half to the backward pass. `report` is
// called with cases done and in all; false stops early.
OperationBench run_operation_bench(const std::vector<std::string>& targets, double budget,
                                   const std::function<bool(int done, int total)>& report);

std::string operation_json(const OperationBench& bench);
std::string operation_table(const OperationBench& bench);

}  // namespace gramian
