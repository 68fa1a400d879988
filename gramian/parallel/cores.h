// How many cores this process may use.
#pragma once

#include <string>

namespace gramian {

// The least of two numbers, at least 1: the CPUs that the process may run on (sched_getaffinity:
// what taskset and batch systems set), and the CPU time that its control group may take, rounded up
// to whole cores (what containers and batch systems set). std::thread::hardware_concurrency knows
// neither: by it a job with one core of a large machine would take them all.
int available_cores();

// CPU time that the control group of this process and all groups above it allow, in cores: 0.5 is
// half of one. Infinity where there is no limit. Both versions of control groups are read, below
// `root`: "", but for tests. Cost: a few small files.
double core_quota(const std::string& root = "");

}  // namespace gramian
