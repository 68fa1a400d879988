// What causal mixers cost (sequence/): nanoseconds of the processor a token and head, forward and
// back, on one thread in float; and of linear attention the share of the FMA peak.
//
// A case is 64 heads of one length, one after another, as many as a batch of 16 sequences with 4
// heads has; q, k, v, o and their adjoints of all heads are in memory, so that long sequences come
// from it. q and k are random rows of length 1, decays are 0.96 to 1, the ridge of mesa is 1. Of
// mesa the error of o against a direct solve in double is found, too.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace gramian {

struct SequenceTime {
  std::string mixer;  // "additive"
  int tokens = 0;
  double forward_ns = 0, backward_ns = 0;  // a token and head; medians
  double peak_share =
      0;             // multiply-adds of both passes over the peak; 0 where they are not counted
  double error = 0;  // of o of mesa: root mean square, relative; 0 of others
};

struct SequenceBench {
  std::string target;
  double peak_gflops = 0;  // by the clock, on a quiet machine
  std::size_t head_size = 0;
  std::vector<SequenceTime> times;
};

// The names of all mixers that are measured.
std::vector<std::string> bench_mixers();

struct SequenceCases {
  std::vector<int> tokens;     // the lengths
  std::size_t head_size = 32;  // at most kMaxMesaKey
  std::string only = {};       // the mixer of this name; empty: all
};

// Softmax is measured up to 1024 tokens. Half of `budget` seconds goes to the forward and half to
// the backward pass of a case. `report` is called with cases done and in all; false stops early.
SequenceBench run_sequence_bench(const SequenceCases& cases, double budget,
                                 const std::function<bool(int, int)>& report);

std::string sequence_bench_json(const SequenceBench& bench);
std::string sequence_bench_table(const SequenceBench& bench);

}  // namespace gramian
