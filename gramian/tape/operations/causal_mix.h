// causal_mix: what each token reads of the tokens up to it, through a state of fixed size, by the
// additive or the delta rule (sequence/mixer.h has the equations, and the adjoint):
//
//     o_t = scale S_t q_t,    S_t = decay_t S_{t-1} + strength_t v_t k_t^T    and so on
//
// Momentum is an attribute, a number that is not learned.
//
// q, k [T, key], v [T, value]; decay and strength [T, 1], behind them in this order where the
// attributes say so, and 1 otherwise; the result is [T, value]. decay and strength may be shared by
// all prompts. Nothing is kept for the adjoint but the operands: no matrix of T x T numbers, and no
// state of a token.
//
// Computed in lanes (lane_mixer-inl.h), but for momentum, a feature map or a normaliser, with which
// sixteen prompts are transposed to rows, and back (sequence-inl.h): in lanes nothing is moved, and
// no column of a register is idle. Cost in multiply-adds: 2 T key value, of the delta rule 3, with
// momentum 4.
#ifndef GRAMIAN_TAPE_OPERATIONS_CAUSAL_MIX_H
#define GRAMIAN_TAPE_OPERATIONS_CAUSAL_MIX_H

#include "gramian/sequence/masked.h"
#include "gramian/tape/sequence_operands.h"

namespace gramian::ops {

struct CausalMix {
  static constexpr Traits kTraits{.operands = 5, .optional = 2, .may_be_shared = 0b11000};

  CausalMixer mixer = {};
  bool decays = false, strengthens = false;

  Shapes::Result shape(const Shapes& in) const {
    return shape_of_mixed(in, operands(), kMaxMixerSize);
  }
  void reference(const Operands& in, Numbers out) const {
    mix_masked(mixer, mixer_input(in, operands()), {rows_of(out)});
  }
  double multiply_adds(const Shapes& in) const {
    const double rule = mixer.rule == StateRule::delta ? 3 : mixer.momentum ? 4 : 2;
    return rule * static_cast<double>(in[0].size()) * in[2].columns;
  }
  std::size_t scratch(const Shapes& in) const {
    return by_rows() ? mixed_scratch(in) : lane_scratch(in);
  }

  MixedOperands operands() const { return {3, decays, strengthens}; }
  bool by_rows() const {
    return mixer.normalise || mixer.features != FeatureMap::identity || mixer.momentum;
  }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

#include "gramian/tape/lane_mixer-inl.h"
#include "gramian/tape/sequence-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::CausalMix& op, const LaneCall<T>& call) {
  if (!op.by_rows()) return LaneMixer<T>(op.mixer, call, op.operands()).Forward();
  PromptMemory<T> memory(call);
  const MixedRows<T> rows(call, op.operands(), memory);
  const PromptRows<T> o = memory.Take(call.rows, call.columns);
  for (size_t p = 0; p < kRegister<T>; ++p) mix(op.mixer, rows.input(p), {.o = o.of(p)});
  memory.Write(o, call.size(), call.out);
}

template <class T>
void Backward(const ops::CausalMix& op, const LaneCall<T>& call) {
  if (!op.by_rows()) return LaneMixer<T>(op.mixer, call, op.operands()).Backward();
  PromptMemory<T> memory(call);
  const MixedRows<T> rows(call, op.operands(), memory);
  const MixedAdjoints<T> adjoints(call, op.operands(), memory);
  for (size_t p = 0; p < kRegister<T>; ++p) mix_adjoint(op.mixer, rows.input(p), adjoints.of(p));
  adjoints.Give(call, op.operands());
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
