// mesa_mix: each token reads the ridge regression of all values so far on all keys so far, the mesa
// layer (sequence/mesa.h has the equations, the solvers and the implicit adjoint):
//
//     o_t = scale G_t x_t,    (H_t + diag(ridge)) x_t = q_t
//
// q, k [T, key], v [T, value], ridge [1, key], positive; then decay and strength [T, 1], in this
// order, where the attributes say so, and 1 otherwise; the result is [T, value]. Ridge, decay and
// strength may be shared by all prompts. Nothing is kept for the adjoint but the operands.
//
// Preconditions: those of mesa.h; `recursive` has no decay. Sixteen prompts are transposed from
// lanes to rows, and back (sequence-inl.h). Cost: that of mesa.h.
#ifndef GRAMIAN_TAPE_OPERATIONS_MESA_MIX_H
#define GRAMIAN_TAPE_OPERATIONS_MESA_MIX_H

#include <vector>

#include "gramian/sequence/mesa.h"
#include "gramian/tape/sequence_operands.h"

namespace gramian::ops {

struct MesaMix {
  static constexpr Traits kTraits{.operands = 6, .optional = 2, .may_be_shared = 0b111000};

  MesaLayer layer = {};
  bool decays = false, strengthens = false;

  MixedOperands mixed() const { return {4, decays, strengthens}; }

  Shapes::Result shape(const Shapes& in) const {
    if (layer.solver == MesaSolver::recursive && decays)
      return broken("the recursive solver has no decay: take direct or conjugate_gradients");
    if (in.size() > 3 && in[3] != Shape{1, in[0].columns})
      return broken("the ridge must be one row, a number for each column of the keys");
    return shape_of_mixed(in, mixed(), kMaxMesaKey);
  }
  // By elimination of H_t + diag(ridge) for each token.
  void reference(const Operands& in, Numbers out) const {
    const MixerInput<double> s = mixer_input(in, mixed());
    std::vector<double> h(s.key * s.key), g(s.key * s.value);
    for (std::size_t t = 0; t < s.tokens; ++t) {
      const double *k = s.k.row(t), *v = s.v.row(t);
      const double gamma = decays ? s.decay[t] : 1, beta = strengthens ? s.strength[t] : 1;
      for (std::size_t i = 0; i < s.key; ++i) {
        for (std::size_t j = 0; j < s.key; ++j)
          h[i * s.key + j] = gamma * h[i * s.key + j] + beta * k[i] * k[j];
        for (std::size_t j = 0; j < s.value; ++j)
          g[i * s.value + j] = gamma * g[i * s.value + j] + beta * k[i] * v[j];
      }
      std::vector<double> m = h, x(s.q.row(t), s.q.row(t) + s.key);
      for (std::size_t i = 0; i < s.key; ++i) m[i * s.key + i] += in[3][i];
      eliminate(m, x);
      for (std::size_t j = 0; j < s.value; ++j) {
        double sum = 0;
        for (std::size_t i = 0; i < s.key; ++i) sum += g[i * s.value + j] * x[i];
        out.at(t, j) = layer.scale * sum;
      }
    }
  }
  double multiply_adds(const Shapes& in) const {
    const double key = in[0].columns;
    return static_cast<double>(in[0].rows) * key * (key * key / 6 + 4.0 * key + 2 * in[2].columns);
  }
  std::size_t scratch(const Shapes& in) const {
    return mixed_scratch(in) + 2 * prompt_stride(in[3].size());
  }

 private:
  // x <- m^-1 x for a symmetric positive definite m.
  static void eliminate(std::vector<double>& m, std::vector<double>& x) {
    const std::size_t n = x.size();
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = i + 1; j < n; ++j) {
        const double factor = m[j * n + i] / m[i * n + i];
        for (std::size_t c = i; c < n; ++c) m[j * n + c] -= factor * m[i * n + c];
        x[j] -= factor * x[i];
      }
    }
    for (std::size_t i = n; i-- > 0;) {
      for (std::size_t j = i + 1; j < n; ++j) x[i] -= m[i * n + j] * x[j];
      x[i] /= m[i * n + i];
    }
  }
};

}  // namespace gramian::ops

#endif

#ifdef GRAMIAN_TAPE_LANES

#include "gramian/tape/sequence-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
void Forward(const ops::MesaMix& op, const LaneCall<T>& call) {
  PromptMemory<T> memory(call);
  const MixedRows<T> rows(call, op.mixed(), memory);
  const PromptRows<const T> ridge = memory.Read(call.in[3]);
  const PromptRows<T> o = memory.Take(call.rows, call.columns);
  for (size_t p = 0; p < kRegister<T>; ++p) {
    const MesaInput<T> in{.mixed = rows.input(p), .ridge = ridge.array(p)};
    mesa(op.layer, in, {.o = o.of(p)});
  }
  memory.Write(o, call.size(), call.out);
}

template <class T>
void Backward(const ops::MesaMix& op, const LaneCall<T>& call) {
  PromptMemory<T> memory(call);
  const MixedRows<T> rows(call, op.mixed(), memory);
  const PromptRows<const T> ridge = memory.Read(call.in[3]);
  const MixedAdjoints<T> adjoints(call, op.mixed(), memory);
  const PromptRows<T> dridge = memory.TakeAdjoint(call.in[3]);
  for (size_t p = 0; p < kRegister<T>; ++p) {
    const MesaInput<T> in{.mixed = rows.input(p), .ridge = ridge.array(p)};
    mesa_adjoint(op.layer, in, {.mixed = adjoints.of(p), .dridge = dridge.array(p)});
  }
  adjoints.Give(call, op.mixed());
  PromptMemory<T>::Give(dridge, call.in[3]);
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
