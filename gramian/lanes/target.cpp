#include "gramian/lanes/target.h"

#include <hwy/highway.h>
#include <hwy/targets.h>

#include <algorithm>
#include <utility>

#include "gramian/base/assert.h"

namespace gramian {

namespace {

// Bits of targets, from the best (the lowest bit) on.
std::vector<int64_t> usable_targets() {
  std::vector<int64_t> targets;
  for (int64_t left = hwy::SupportedTargets() & HWY_TARGETS; left != 0; left &= left - 1)
    targets.push_back(left & -left);
  return targets;
}

}  // namespace

Status check_processor() {
#if defined(__x86_64__)
  const std::pair<const char*, bool> needed[] = {{"SSE4.2", __builtin_cpu_supports("sse4.2") != 0},
                                                 {"AES", __builtin_cpu_supports("aes") != 0},
                                                 {"PCLMUL", __builtin_cpu_supports("pclmul") != 0}};
  for (const auto& [name, present] : needed) {
    if (present) continue;
    return fail(ErrorKind::usage,
                "this processor lacks the instructions {}, which gramian needs; x86-64 processors "
                "have them since 2010",
                name);
  }
#endif
  return {};
}

std::string simd_target() { return hwy::TargetName(usable_targets().front()); }

std::vector<std::string> simd_targets() {
  std::vector<std::string> names;
  for (int64_t target : usable_targets()) names.push_back(hwy::TargetName(target));
  return names;
}

void with_simd_target(const std::string& name, const std::function<void()>& body) {
  const std::vector<int64_t> targets = usable_targets();
  const auto target =
      std::ranges::find_if(targets, [&](int64_t t) { return hwy::TargetName(t) == name; });
  GRAMIAN_ASSERT(target != targets.end());
  if (target == targets.end()) return;
  hwy::SetSupportedTargetsForTest(*target);
  body();
  hwy::SetSupportedTargetsForTest(0);
}

}  // namespace gramian
