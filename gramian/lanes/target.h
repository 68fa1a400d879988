// Which instruction set the kernels run on.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gramian/base/error.h"

namespace gramian {

// Whether this processor has the instructions that every kernel of this build may use: on x86-64
// SSE4.2, AES and PCLMUL, as all have since 2010. A program calls this first, since a kernel would
// end in an illegal instruction without them. Errors (ErrorKind::usage) name what is missing.
Status check_processor();

// The instruction set in use: "AVX3" (AVX-512), "AVX2", "SSE4", ... as Highway names them.
std::string simd_target();

// All instruction sets that this machine and this build support, the best first.
std::vector<std::string> simd_targets();

// Runs the body with the kernels of one of simd_targets() instead of the best one; for tests and
// benchmarks. Must not be called while other threads use kernels.
void with_simd_target(const std::string& name, const std::function<void()>& body);

}  // namespace gramian
