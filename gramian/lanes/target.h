// Which instruction set the kernels run on.
#pragma once

#include <string>

namespace gramian {

std::string simd_target();  // "AVX3", "AVX2", "SSE4", ... as Highway names them

}  // namespace gramian
