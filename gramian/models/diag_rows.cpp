#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gramian/models/diag_rows.cpp"
#include <hwy/foreach_target.h>
// clang-format off
#include "gramian/models/diag-inl.h"
#include "gramian/models/pass-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {
GRAMIAN_DEFINE_KERNELS(DiagRowsPass)
}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gramian {
GRAMIAN_EXPORT_KERNELS(DiagRowsPass, diag_rows)
}  // namespace gramian
#endif
