#include "gramian/sequence/mesa.h"

#include <algorithm>
#include <vector>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"
#include "gramian/sequence/solve.h"

namespace gramian {
namespace {

template <class T>
struct TokenMatrix {  // [tokens, columns]
  std::vector<T> data;
  std::ptrdiff_t columns;

  TokenMatrix(std::size_t tokens, std::size_t width)
      : data(tokens * width), columns(static_cast<std::ptrdiff_t>(width)) {}
  Rows<T> rows() { return {data.data(), columns}; }
  Rows<const T> read() const { return {data.data(), columns}; }
};

template <class T>
std::vector<T> inverse_with_ridge(const std::vector<T>& h, const T* ridge, std::size_t key) {
  const auto size = static_cast<Eigen::Index>(key);
  Eigen::MatrixXd m(size, size);
  for (Eigen::Index i = 0; i < size; ++i) {
    for (Eigen::Index j = 0; j < size; ++j) m(i, j) = h[static_cast<std::size_t>(i * size + j)];
    m(i, i) += ridge[i];
  }
  const Eigen::MatrixXd inverse = m.llt().solve(Eigen::MatrixXd::Identity(size, size));
  std::vector<T> r(h.size());
  for (std::size_t e = 0; e < r.size(); ++e) r[e] = static_cast<T>(inverse.data()[e]);
  return r;
}

template <class T>
void check_mesa(const MesaLayer& layer, const MesaInput<T>& in) {
  GRAMIAN_ASSERT(in.mixed.key >= 1 && in.mixed.key <= kMaxMesaKey && in.ridge != nullptr);
  GRAMIAN_ASSERT(*std::min_element(in.ridge, in.ridge + in.mixed.key) > 0);
  GRAMIAN_ASSERT(layer.solver != MesaSolver::recursive || in.mixed.decay == nullptr);
}

// x_t = (H_t + diag(lambda))^-1 b_t for all tokens; returns H after the last.
template <class T>
std::vector<T> solve_tokens(const MesaLayer& layer, const MesaInput<T>& in, Rows<const T> b,
                            Rows<T> x) {
  const std::size_t key = in.mixed.key;
  std::vector<T> h(key * key);
  if (in.initial != nullptr) std::copy_n(in.initial, h.size(), h.data());
  SolvePass<T> pass{.tokens = in.mixed.tokens,
                    .key = key,
                    .k = in.mixed.k,
                    .b = b,
                    .x = x,
                    .decay = in.mixed.decay,
                    .strength = in.mixed.strength,
                    .ridge = in.ridge,
                    .h = h.data(),
                    .steps = layer.steps,
                    .tolerance = static_cast<T>(layer.tolerance)};
  if (layer.solver == MesaSolver::direct) solve_direct(pass);
  if (layer.solver == MesaSolver::conjugate_gradients) solve_by_gradients(pass);
  if (layer.solver != MesaSolver::recursive) return h;
  for (std::size_t first = 0; first < in.mixed.tokens; first += kMesaBlock) {
    const std::vector<T> r = inverse_with_ridge(h, in.ridge, key);
    pass.tokens = std::min(kMesaBlock, in.mixed.tokens - first);
    pass.k.data = in.mixed.k.row(first);
    pass.b.data = b.row(first);
    pass.x.data = x.row(first);
    if (in.mixed.strength != nullptr) pass.strength = in.mixed.strength + first;
    pass.r = r.data();
    solve_recursive(pass);
  }
  return h;
}

template <class T>
void mesa_of(const MesaLayer& layer, const MesaInput<T>& in, const MesaOutput<T>& out) {
  check_mesa(layer, in);
  TokenMatrix<T> x(in.mixed.tokens, in.mixed.key);
  const std::vector<T> h = solve_tokens(layer, in, in.mixed.q, x.rows());
  if (out.final_h != nullptr) std::copy(h.begin(), h.end(), out.final_h);
  MixerInput<T> reads = in.mixed;
  reads.q = x.read();
  mix({.scale = layer.scale}, reads, {out.o, out.final_g});
}

template <class T>
Rows<T> rows_or_own(Rows<T> rows, TokenMatrix<T>& own) {
  return rows.data == nullptr ? own.rows() : rows;
}

template <class T>
void add_to(std::size_t count, const std::vector<T>& from, T* to) {
  for (std::size_t e = 0; to != nullptr && e < count; ++e) to[e] += from[e];
}

// What of the adjoint comes through H: the additive mixer reads H_t x_t, with v = k, and its
// output has the adjoint -e_t.
template <class T>
void add_adjoint_of_h(const MesaInput<T>& in, const TokenMatrix<T>& x, const TokenMatrix<T>& e,
                      Rows<T> dk, const MesaAdjoint<T>& adjoint) {
  const std::size_t tokens = in.mixed.tokens, key = in.mixed.key;
  MixerInput<T> reads = in.mixed;
  reads.value = key;
  reads.q = x.read();
  reads.v = in.mixed.k;
  reads.initial = in.initial;
  TokenMatrix<T> minus_e(tokens, key), as_key(tokens, key), as_value(tokens, key);
  for (std::size_t i = 0; i < e.data.size(); ++i) minus_e.data[i] = -e.data[i];
  std::vector<T> ddecay(tokens), dstrength(tokens);
  const MixerAdjoint<T>& g = adjoint.mixed;
  mix_adjoint({}, reads,
              MixerAdjoint<T>{.dout = minus_e.read(),
                              .dfinal = adjoint.dfinal,
                              .dk = as_key.rows(),
                              .dv = as_value.rows(),
                              .ddecay = g.ddecay == nullptr ? nullptr : ddecay.data(),
                              .dstrength = g.dstrength == nullptr ? nullptr : dstrength.data(),
                              .dinitial = adjoint.dinitial});
  add_to(tokens, ddecay, g.ddecay);
  add_to(tokens, dstrength, g.dstrength);
  for (std::size_t t = 0; t < tokens; ++t) {
    for (std::size_t i = 0; i < key; ++i)
      dk.row(t)[i] += as_key.rows().row(t)[i] + as_value.rows().row(t)[i];
  }
}

template <class T>
void mesa_adjoint_of(const MesaLayer& layer, const MesaInput<T>& in,
                     const MesaAdjoint<T>& adjoint) {
  check_mesa(layer, in);
  const std::size_t tokens = in.mixed.tokens, key = in.mixed.key;
  TokenMatrix<T> x(tokens, key), y(tokens, key), e(tokens, key), own_dk(tokens, key);
  solve_tokens(layer, in, in.mixed.q, x.rows());
  MixerInput<T> reads = in.mixed;
  reads.q = x.read();
  MixerAdjoint<T> inner = adjoint.mixed;
  inner.dq = y.rows();
  inner.dk = rows_or_own(adjoint.mixed.dk, own_dk);
  mix_adjoint({.scale = layer.scale}, reads, inner);
  solve_tokens(layer, in, y.read(), e.rows());
  add_adjoint_of_h(in, x, e, inner.dk, adjoint);
  if (adjoint.mixed.dq.data != nullptr) {
    for (std::size_t t = 0; t < tokens; ++t)
      std::copy_n(e.rows().row(t), key, adjoint.mixed.dq.row(t));
  }
  if (adjoint.dridge == nullptr) return;
  std::fill_n(adjoint.dridge, key, T(0));
  for (std::size_t i = 0; i < x.data.size(); ++i) adjoint.dridge[i % key] -= x.data[i] * e.data[i];
}

}  // namespace

void mesa(const MesaLayer& layer, const MesaInput<float>& in, const MesaOutput<float>& out) {
  mesa_of(layer, in, out);
}
void mesa(const MesaLayer& layer, const MesaInput<double>& in, const MesaOutput<double>& out) {
  mesa_of(layer, in, out);
}
void mesa_adjoint(const MesaLayer& layer, const MesaInput<float>& in,
                  const MesaAdjoint<float>& adjoint) {
  mesa_adjoint_of(layer, in, adjoint);
}
void mesa_adjoint(const MesaLayer& layer, const MesaInput<double>& in,
                  const MesaAdjoint<double>& adjoint) {
  mesa_adjoint_of(layer, in, adjoint);
}

}  // namespace gramian
