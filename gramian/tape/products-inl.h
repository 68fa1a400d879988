// The kernel of product alone. Per-target header.
#if defined(GRAMIAN_TAPE_PRODUCTS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_TAPE_PRODUCTS_INL_H
#undef GRAMIAN_TAPE_PRODUCTS_INL_H
#else
#define GRAMIAN_TAPE_PRODUCTS_INL_H
#endif

#include "gramian/tape/lanes-inl.h"
#define GRAMIAN_TAPE_LANES
#include "gramian/tape/operations/product.h"
#undef GRAMIAN_TAPE_LANES

#endif
