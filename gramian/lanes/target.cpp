#include "gramian/lanes/target.h"

#include <hwy/highway.h>
#include <hwy/targets.h>

namespace gramian {

std::string simd_target() {
  const int64_t usable = hwy::SupportedTargets() & HWY_TARGETS;
  return hwy::TargetName(usable & -usable);  // the lowest bit is the best
}

}  // namespace gramian
