// causal_softmax: softmax attention of each token to itself and those before it, by streaming tiles
// (sequence/softmax.h has the equations and the adjoint):
//
//     o_t = sum_{s<=t} p_ts v_s,    p_ts = exp(scale q_t . k_s) / sum_{r<=t} exp(scale q_t . k_r)
//
// q, k [T, key], v [T, value]; the result is [T, value]. The T x T weights are never in memory, and
// nothing is kept for the adjoint but the operands.
//
// Sixteen prompts are transposed from lanes to rows, and back (sequence-inl.h). Cost in
// multiply-adds: T^2 / 2 (key + value), and 4 times that for the adjoint.
#ifndef GRAMIAN_TAPE_OPERATIONS_CAUSAL_SOFTMAX_H
#define GRAMIAN_TAPE_OPERATIONS_CAUSAL_SOFTMAX_H

#include <cmath>

#include "gramian/sequence/softmax.h"
#include "gramian/tape/sequence_operands.h"

namespace gramian::ops {

struct CausalSoftmax {
  static constexpr Traits kTraits{.operands = 3};

  double scale = 1;

  Shapes::Result shape(const Shapes& in) const {
    return shape_of_mixed(in, MixedOperands{}, kMaxMixerSize);
  }
  void reference(const Operands& in, Numbers out) const {
    const auto &q = in[0], &k = in[1], &v = in[2];
    for (std::size_t t = 0; t < q.rows; ++t) {
      const auto score = [&](std::size_t s) {
        double sum = 0;
        for (std::size_t i = 0; i < q.columns; ++i) sum += q.at(t, i) * k.at(s, i);
        return scale * sum;
      };
      for (std::size_t j = 0; j < v.columns; ++j) out.at(t, j) = 0;
      for (std::size_t s = 0; s <= t; ++s) {
        double sum = 0;  // relative to this key, which therefore needs no largest
        for (std::size_t r = 0; r <= t; ++r) sum += std::exp(score(r) - score(s));
        for (std::size_t j = 0; j < v.columns; ++j) out.at(t, j) += v.at(s, j) / sum;
      }
    }
  }
  double multiply_adds(const Shapes& in) const {
    return 0.5 * in[0].rows * in[0].rows * (in[0].columns + in[2].columns);
  }
  std::size_t scratch(const Shapes& in) const { return mixed_scratch(in); }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

#include "gramian/tape/sequence-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
SoftmaxInput<T> SoftmaxOf(const ops::CausalSoftmax& op, const MixedRows<T>& rows, size_t lane) {
  return {.queries = rows.tokens,
          .keys = rows.tokens,
          .key = rows.k.columns,
          .value = rows.v.columns,
          .q = rows.q.of(lane),
          .k = rows.k.of(lane),
          .v = rows.v.of(lane),
          .scale = static_cast<T>(op.scale)};
}

template <class T>
void Forward(const ops::CausalSoftmax& op, const LaneCall<T>& call) {
  PromptMemory<T> memory(call);
  const MixedRows<T> rows(call, {}, memory);
  const PromptRows<T> o = memory.Take(call.rows, call.columns);
  for (size_t p = 0; p < kRegister<T>; ++p) softmax_mix(SoftmaxOf(op, rows, p), o.of(p));
  memory.Write(o, call.size(), call.out);
}

template <class T>
void Backward(const ops::CausalSoftmax& op, const LaneCall<T>& call) {
  PromptMemory<T> memory(call);
  const MixedRows<T> rows(call, {}, memory);
  const PromptRows<const T> dout = memory.Read(call.rows, call.columns, call.dout);
  // softmax_adjoint always sets all three.
  const PromptRows<T> dq = memory.Take(call.rows, rows.q.columns),
                      dk = memory.Take(call.rows, rows.k.columns),
                      dv = memory.Take(call.rows, rows.v.columns);
  for (size_t p = 0; p < kRegister<T>; ++p) {
    softmax_adjoint(SoftmaxOf(op, rows, p), dout.of(p),
                    {.dq = dq.of(p), .dk = dk.of(p), .dv = dv.of(p)});
  }
  const PromptRows<T> all[] = {dq, dk, dv};
  for (size_t k = 0; k < 3; ++k) {
    if (call.in[k].wanted()) PromptMemory<T>::Give(all[k], call.in[k]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
