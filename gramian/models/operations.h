// How much arithmetic a prompt costs: counted from the products that the kernels do.
#pragma once

#include "gramian/models/network.h"

namespace gramian {

// Floating-point operations of one prompt, a multiply-add counting two. Counted are the
// products: everything of order d^3 and d^2 (docs/performance.md has the terms). Symmetric
// results count their lower triangle, which is what is computed. Left out are copies,
// scalings and vector work of order d.
struct Operations {
  double forward = 0;
  double backward = 0;
  double total() const { return forward + backward; }
};

Operations count_operations(const NetworkSpec& spec);

}  // namespace gramian
