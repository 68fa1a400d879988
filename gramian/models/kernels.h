// The kernels behind NetworkPass, one set for each kind of network. They are compiled in files
// of their own (full.cpp, full_rows.cpp, ...), once for each instruction set.
#pragma once

#include "gramian/models/pass.h"

namespace gramian {

// See NetworkPass for shapes.
#define GRAMIAN_DECLARE_KERNELS(kind, T)                                                  \
  void kind##_forward(PassMemory<T>& memory, const T* theta, const PromptBlock<T>& block, \
                      double factor, T* weights);                                         \
  void kind##_read_out(PassMemory<T>& memory, const T* theta, T* weights);                \
  void kind##_backward(PassMemory<T>& memory, const T* theta, const T* dweights, T* dtheta);
GRAMIAN_DECLARE_KERNELS(full, float)
GRAMIAN_DECLARE_KERNELS(full, double)
GRAMIAN_DECLARE_KERNELS(full_rows, float)
GRAMIAN_DECLARE_KERNELS(full_rows, double)
GRAMIAN_DECLARE_KERNELS(diag, float)
GRAMIAN_DECLARE_KERNELS(diag, double)
GRAMIAN_DECLARE_KERNELS(diag_rows, float)
GRAMIAN_DECLARE_KERNELS(diag_rows, double)
GRAMIAN_DECLARE_KERNELS(gdpp, float)
GRAMIAN_DECLARE_KERNELS(gdpp, double)
GRAMIAN_DECLARE_KERNELS(gdpp_rows, float)
GRAMIAN_DECLARE_KERNELS(gdpp_rows, double)
#undef GRAMIAN_DECLARE_KERNELS

}  // namespace gramian
