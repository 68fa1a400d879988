// The register that kernels work in: at most a block of prompts. Per-target header.
#if defined(GRAMIAN_LANES_TAG_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_LANES_TAG_INL_H
#undef GRAMIAN_LANES_TAG_INL_H
#else
#define GRAMIAN_LANES_TAG_INL_H
#endif

#include <hwy/highway.h>

#include "gramian/lanes/block.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::CappedTag<T, kLanes>;
template <class T>
using Vec = hn::Vec<Tag<T>>;

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
