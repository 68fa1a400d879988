// How fast training is, and how far from the limit of the machine.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gramian/models/network.h"

namespace gramian {

// A hash of the weights after a few steps of three small fixed runs (one of each
// parametrisation, in float): equal signatures mean that nothing has changed any number.
// Instruction sets with fused multiply-adds share one; those without have another.
std::string bench_signature();

struct BenchCase {
  Parametrisation kind = Parametrisation::full;
  int layers = 4;
  int d = 10;
  int n = 20;
  int batch = 2048;
  int threads = 1;
};

struct BenchTime {
  BenchCase what;
  double ms = 0;             // a training step, median
  double spread = 0;         // interquartile range over the median
  double gflops = 0;         // operations of forward and backward over the time of the whole step
  double peak_fraction = 0;  // of the FMA peak of all its threads
  // Parts of a step on one thread: shares of their sum, and the speed of the kernels alone.
  double sampling = 0, forward = 0, backward = 0, rest = 0;
  double kernel_gflops = 0;
  double kernel_peak_fraction = 0;
};

// A training step of a transformer on tokens, on one thread.
struct TokenBenchTime {
  std::string name = {};  // "sines" (with an MLP) | "interleaved" (x and y in tokens of their own)
  int batch = 512;
  std::size_t parameters = 0;
  double ms = 0;      // median
  double spread = 0;  // interquartile range over the median
  double gflops = 0;  // products alone, forward and backward, over the time of the whole step
  double peak_fraction = 0;
};

struct BenchResult {
  std::string signature;
  std::string simd;
  double peak_gflops_per_core = 0;
  // {full, diag, gdpp} x L {1, 4, 7} x d {5, 10, 20, 40} x threads {1, 2}
  std::vector<BenchTime> cases;
  std::vector<BenchTime> context;  // full and diag, L = 4, against n in {20, 1000, 100000}
  struct TargetTime {
    std::string simd;
    double peak_gflops_per_core;
    BenchTime time;
  };
  std::vector<TokenBenchTime> tokens = {};
  std::vector<TargetTime> targets;  // full and diag, L = 4, on each instruction set of the machine
};

// The time of one case: steps are timed for `budget` seconds, and at least five of them.
BenchTime time_case(const BenchCase& what, double peak_gflops, double budget);

std::vector<TokenBenchTime> time_tokens(double peak_gflops, double budget);

// All cases, contexts, transformers and instruction sets, and the signature. `report` is called
// with the number of cases done and that of all; if it returns false, what is done so far is
// returned.
BenchResult run_bench(double budget, const std::function<bool(int done, int total)>& report);

std::string bench_json(const BenchResult& result);
std::string bench_table(const BenchResult& result);

}  // namespace gramian
