// Every operation of a tape, named once: the enum, the attributes of a node, the reference and the
// kernels follow from this list.
//
// To add an operation, say tanh:
//   1. Copy the file of one that is like it (relu.h for a function of each element, times.h for
//      two operands, hinge.h for a loss) to operations/tanh.h. State the equation and the adjoint
//      in its first comment; write attributes, shape rule and reference in the upper part, and the
//      kernel and its adjoint in the lower.
//   2. Add it to both lists below: its include, and X(tanh, Tanh).
//   3. Add a line to the list of cases, bench/tape_cases.cpp: its values, gradients and speed are
//      then tested and timed on every instruction set.
//   4. Networks use it as recorder.apply(ops::Tanh{}, {a}).
//
// A file has two parts. The upper is read once. The lower is read where GRAMIAN_TAPE_LANES is
// defined, once for each instruction set; it may use what lanes-inl.h has.
#include "gramian/tape/operations/above.h"
#include "gramian/tape/operations/beside.h"
#include "gramian/tape/operations/broadcast.h"
#include "gramian/tape/operations/causal_mix.h"
#include "gramian/tape/operations/causal_softmax.h"
#include "gramian/tape/operations/clip.h"
#include "gramian/tape/operations/columns.h"
#include "gramian/tape/operations/cosine_distance.h"
#include "gramian/tape/operations/cross_entropy.h"
#include "gramian/tape/operations/division.h"
#include "gramian/tape/operations/elu.h"
#include "gramian/tape/operations/error_up_to_scale.h"
#include "gramian/tape/operations/error_up_to_sign.h"
#include "gramian/tape/operations/exponential.h"
#include "gramian/tape/operations/gelu.h"
#include "gramian/tape/operations/half_squared_error.h"
#include "gramian/tape/operations/hinge.h"
#include "gramian/tape/operations/look_up.h"
#include "gramian/tape/operations/mean_rows.h"
#include "gramian/tape/operations/mesa_mix.h"
#include "gramian/tape/operations/normalise.h"
#include "gramian/tape/operations/normalise_block.h"
#include "gramian/tape/operations/normalise_columns.h"
#include "gramian/tape/operations/product.h"
#include "gramian/tape/operations/reciprocal.h"
#include "gramian/tape/operations/relu.h"
#include "gramian/tape/operations/rms_normalise.h"
#include "gramian/tape/operations/rows.h"
#include "gramian/tape/operations/scale.h"
#include "gramian/tape/operations/short_convolution.h"
#include "gramian/tape/operations/sigmoid.h"
#include "gramian/tape/operations/silu.h"
#include "gramian/tape/operations/softmax.h"
#include "gramian/tape/operations/softplus.h"
#include "gramian/tape/operations/square_root.h"
#include "gramian/tape/operations/sum.h"
#include "gramian/tape/operations/times.h"

#ifndef GRAMIAN_TAPE_OPERATIONS_LIST_H
#define GRAMIAN_TAPE_OPERATIONS_LIST_H

// clang-format off
#define GRAMIAN_TAPE_OPERATIONS(X) \
  X(product, Product) \
  X(sum, Sum) \
  X(times, Times) \
  X(division, Division) \
  X(scale, Scale) \
  X(rows, Rows) \
  X(columns, Columns) \
  X(beside, Beside) \
  X(above, Above) \
  X(broadcast, Broadcast) \
  X(mean_rows, MeanRows) \
  X(look_up, LookUp) \
  X(gelu, Gelu) \
  X(relu, Relu) \
  X(silu, Silu) \
  X(sigmoid, Sigmoid) \
  X(elu, Elu) \
  X(exponential, Exponential) \
  X(reciprocal, Reciprocal) \
  X(square_root, SquareRoot) \
  X(clip, Clip) \
  X(softmax, Softmax) \
  X(softplus, Softplus) \
  X(short_convolution, ShortConvolution) \
  X(causal_mix, CausalMix) \
  X(causal_softmax, CausalSoftmax) \
  X(mesa_mix, MesaMix) \
  X(normalise, Normalise) \
  X(rms_normalise, RmsNormalise) \
  X(normalise_columns, NormaliseColumns) \
  X(normalise_block, NormaliseBlock) \
  X(half_squared_error, HalfSquaredError) \
  X(error_up_to_scale, ErrorUpToScale) \
  X(error_up_to_sign, ErrorUpToSign) \
  X(cosine_distance, CosineDistance) \
  X(cross_entropy, CrossEntropy) \
  X(hinge, Hinge)
// clang-format on

#endif
