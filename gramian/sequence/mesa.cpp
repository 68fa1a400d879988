#include "gramian/sequence/mesa.h"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <vector>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"
#include "gramian/sequence/solve.h"

namespace gramian {
namespace {

// A few matrices [tokens, columns] in one piece of memory: the C library gives pages of many pieces
// of this size back to the system at the end of each call, and takes them again.
template <class T>
class TokenMatrices {
 public:
  TokenMatrices(std::size_t tokens, std::size_t columns, std::size_t count)
      : size_(tokens * columns),
        stride_(static_cast<std::ptrdiff_t>(columns)),
        data_(new T[count * size_]) {}
  Rows<T> rows(std::size_t n) { return {data_.get() + n * size_, stride_}; }
  Rows<const T> read(std::size_t n) const { return {data_.get() + n * size_, stride_}; }

 private:
  std::size_t size_;
  std::ptrdiff_t stride_;
  std::unique_ptr<T[]> data_;
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

template <class T>
struct RightSide {
  Rows<const T> b;
  Rows<T> x;
};

// x_t = (H_t + diag(lambda))^-1 b_t for all tokens and right sides; returns H after the last.
template <class T>
std::vector<T> solve_tokens(const MesaLayer& layer, const MesaInput<T>& in,
                            std::initializer_list<RightSide<T>> sides) {
  const std::size_t key = in.mixed.key;
  std::vector<T> h(key * key);
  if (in.initial != nullptr) std::copy_n(in.initial, h.size(), h.data());
  SolvePass<T> pass{.tokens = in.mixed.tokens,
                    .key = key,
                    .sides = 0,
                    .k = in.mixed.k,
                    .decay = in.mixed.decay,
                    .strength = in.mixed.strength,
                    .ridge = in.ridge,
                    .h = h.data(),
                    .steps = layer.steps,
                    .tolerance = static_cast<T>(layer.tolerance)};
  for (const RightSide<T>& side : sides) {
    pass.b[pass.sides] = side.b;
    pass.x[pass.sides++] = side.x;
  }
  if (layer.solver == MesaSolver::direct) solve_direct(pass);
  if (layer.solver == MesaSolver::conjugate_gradients) solve_by_gradients(pass);
  if (layer.solver != MesaSolver::recursive) return h;
  for (std::size_t first = 0; first < in.mixed.tokens; first += kMesaBlock) {
    const std::vector<T> r = inverse_with_ridge(h, in.ridge, key);
    pass.tokens = std::min(kMesaBlock, in.mixed.tokens - first);
    pass.k.data = in.mixed.k.row(first);
    for (std::size_t n = 0; n < sides.size(); ++n) {
      pass.b[n].data = sides.begin()[n].b.row(first);
      pass.x[n].data = sides.begin()[n].x.row(first);
    }
    if (in.mixed.strength != nullptr) pass.strength = in.mixed.strength + first;
    pass.r = r.data();
    solve_recursive(pass);
  }
  return h;
}

template <class T>
void mesa_of(const MesaLayer& layer, const MesaInput<T>& in, const MesaOutput<T>& out) {
  check_mesa(layer, in);
  TokenMatrices<T> room(in.mixed.tokens, in.mixed.key, 1);
  const std::vector<T> h = solve_tokens(layer, in, {{in.mixed.q, room.rows(0)}});
  if (out.final_h != nullptr) std::copy(h.begin(), h.end(), out.final_h);
  MixerInput<T> reads = in.mixed;
  reads.q = room.read(0);
  mix({.scale = layer.scale}, reads, {out.o, out.final_g});
}

template <class T>
void add_to(std::size_t count, const std::vector<T>& from, T* to) {
  for (std::size_t e = 0; to != nullptr && e < count; ++e) to[e] += from[e];
}

// What of the adjoint comes through H: the additive mixer reads H_t x_t, with v = k, and its
// output has the adjoint -e_t.
template <class T>
void add_adjoint_of_h(const MesaInput<T>& in, Rows<const T> x, Rows<const T> e,
                      const MesaAdjoint<T>& adjoint) {
  const std::size_t tokens = in.mixed.tokens;
  MixerInput<T> reads = in.mixed;
  reads.value = in.mixed.key;
  reads.q = x;
  reads.v = in.mixed.k;
  reads.initial = in.initial;
  const MixerAdjoint<T>& g = adjoint.mixed;
  std::vector<T> ddecay(g.ddecay == nullptr ? 0 : tokens),
      dstrength(g.dstrength == nullptr ? 0 : tokens);
  mix_adjoint({.scale = -1}, reads,
              MixerAdjoint<T>{.dout = e,
                              .dfinal = adjoint.dfinal,
                              .dk = g.dk,
                              .dv = g.dk,
                              .ddecay = g.ddecay == nullptr ? nullptr : ddecay.data(),
                              .dstrength = g.dstrength == nullptr ? nullptr : dstrength.data(),
                              .dinitial = adjoint.dinitial,
                              .adds = true});
  add_to(tokens, ddecay, g.ddecay);
  add_to(tokens, dstrength, g.dstrength);
}

template <class T>
void mesa_adjoint_of(const MesaLayer& layer, const MesaInput<T>& in,
                     const MesaAdjoint<T>& adjoint) {
  check_mesa(layer, in);
  const std::size_t tokens = in.mixed.tokens, key = in.mixed.key;
  const CausalMixer reader{.scale = layer.scale};
  TokenMatrices<T> room(tokens, key, 3);
  const Rows<T> x = room.rows(0), y = room.rows(1),
                e = adjoint.mixed.dq.data == nullptr ? room.rows(2) : adjoint.mixed.dq;
  mix_adjoint(reader, in.mixed, MixerAdjoint<T>{.dout = adjoint.mixed.dout, .dq = y});
  solve_tokens(layer, in, {{in.mixed.q, x}, {room.read(1), e}});
  MixerInput<T> reads = in.mixed;
  reads.q = room.read(0);
  MixerAdjoint<T> inner = adjoint.mixed;
  inner.dq = {};
  mix_adjoint(reader, reads, inner);
  add_adjoint_of_h(in, room.read(0), {e.data, e.stride}, adjoint);
  if (adjoint.dridge == nullptr) return;
  std::fill_n(adjoint.dridge, key, T(0));
  for (std::size_t t = 0; t < tokens; ++t) {
    for (std::size_t i = 0; i < key; ++i) adjoint.dridge[i] -= x.row(t)[i] * e.row(t)[i];
  }
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
