// Which instruction set the kernels run on.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace gramian {

// The instruction set in use: "AVX3" (AVX-512), "AVX2", "SSE4", ... as Highway names them.
std::string simd_target();

// All instruction sets that this machine and this build support, the best first.
std::vector<std::string> simd_targets();

// Runs the body with the kernels of one of simd_targets() instead of the best one; for tests and
// benchmarks. Must not be called while other threads use kernels.
void with_simd_target(const std::string& name, const std::function<void()>& body);

}  // namespace gramian
