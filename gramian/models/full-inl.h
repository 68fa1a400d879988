// FULL: dense P and Q. Forward and adjoint of one vector of prompts. Per-target header.
//
// Multiply-adds of one inner layer with H heads: (2H + 1.5) D^3 forward, (4H + 2.5) D^3
// backward; the last layer and the row recursion are O(D^2).
#if defined(GRAMIAN_MODELS_FULL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_MODELS_FULL_INL_H
#undef GRAMIAN_MODELS_FULL_INL_H
#else
#define GRAMIAN_MODELS_FULL_INL_H
#endif

#include "gramian/lanes/layout-inl.h"
#include "gramian/models/pass.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

// L: InLanes or InRows.
template <class T, class L>
class FullPassIn {
 public:
  using In = L;

  FullPassIn(PassMemory<T>& memory, const T* theta, size_t place)
      : spec_(memory.spec()),
        memory_(memory),
        theta_(theta),
        in_(spec_.rows(), spec_.rows(), place, memory.panel()) {}

  void Load(const PromptBlock<T>& block, T factor) {
    T* gram = Gram(0);
    in_.LoadScaled(block.gram.data(), factor, gram);
    if (spec_.query_in_keys)
      in_.AddScaledSquare(spec_.rows() - 1, block.query.data(), factor, gram);
  }

  void Forward() {
    const int last = spec_.layers - 1;
    T* product = Scratch(0);
    for (int l = 0; l < last; ++l) {
      const auto gram = in_.Square(Gram(l));
      T* map = Map(l);
      for (int h = 0; h < spec_.heads; ++h) {
        T* values = Values(l, h);
        in_.template Product<Into::set>(gram, Q(l, h), values);
        if (h == 0) {
          in_.template Product<Into::set>(P(l, h), in_.Square(values), map);
        } else {
          in_.template Product<Into::add>(P(l, h), in_.Square(values), map);
        }
      }
      in_.AddToDiagonal(1, map);
      in_.template Product<Into::set>(in_.Square(map), gram, product);
      in_.template LowerProduct<Into::set>(in_.Square(product), in_.Square(map).transposed(),
                                           Gram(l + 1));
      in_.MirrorLower(Gram(l + 1));
    }
    LastRow(last);
    for (int l = last - 1; l >= 0; --l) StepRow(l, Row(l + 1), Row(l));
  }

  // w = -z of z_0, the row of y of the product of all maps, is the result of the forward pass, and
  // its adjoint is the input of the backward pass.
  void StoreWeights(const T* z, T* weights) const {
    in_.StoreNegated(spec_.rows() - 1, z, weights);
  }
  void LoadAdjoint(const T* dweights) const {
    in_.SetUnit(spec_.rows(), RowAdjoint(0));  // zero, also for y
    in_.LoadNegated(spec_.rows() - 1, dweights, RowAdjoint(0));
  }

  T* Row(int l) const { return in_.Vector(memory_.row(l)); }
  T* Scratch(int k) const { return in_.Matrix(memory_.scratch(k)); }

  // The row of y of the map of an inner layer.
  void RowOfY(int l, T* z) const { in_.CopyVector(in_.Row(Map(l), spec_.rows() - 1), z); }

  // z_l = T_l^T z_{l+1}
  void StepRow(int l, const T* from, T* to) const {
    in_.template Apply<Into::set>(in_.Square(Map(l)).transposed(), in_.Column(from), to);
  }

  void Backward(T* dtheta) {
    const int last = spec_.layers - 1;
    for (int l = 0; l < last; ++l) {  // adjoint of the row recursion
      in_.template Apply<Into::set>(in_.Square(Map(l)), in_.Column(RowAdjoint(l)),
                                    RowAdjoint(l + 1));
    }
    // `adjoint` holds twice dloss/dG of the layer's input, which saves factors of two.
    T* adjoint = Scratch(0);
    T* map_adjoint = Scratch(1);
    T* product = Scratch(2);
    T* values_adjoint = Scratch(3);
    BackwardLast(last, adjoint, dtheta);
    for (int l = last - 1; l >= 0; --l) {
      const auto gram = in_.Square(Gram(l));
      const auto map = in_.Square(Map(l));
      // G' = T G T^T, and T also moved the row z.
      in_.template Product<Into::set>(in_.Square(adjoint), map, product);
      in_.template Product<Into::set>(in_.Square(product), gram, map_adjoint);
      in_.template OuterProduct<Into::add>(in_.Column(Row(l + 1)), in_.Column(RowAdjoint(l)),
                                           map_adjoint);
      if (l > 0)
        in_.template LowerProduct<Into::set>(map.transposed(), in_.Square(product), adjoint);
      for (int h = 0; h < spec_.heads; ++h) {
        T* dp = DTheta(dtheta, l, h, 0);
        T* dq = DTheta(dtheta, l, h, 1);
        in_.template Product<Into::add>(in_.Square(map_adjoint),
                                        in_.Square(Values(l, h)).transposed(), dp);
        in_.template Product<Into::set>(P(l, h).transposed(), in_.Square(map_adjoint),
                                        values_adjoint);
        in_.template Product<Into::add>(gram, in_.Square(values_adjoint), dq);
        if (l > 0) {
          in_.template LowerProduct<Into::add>(in_.Square(values_adjoint), Q(l, h).transposed(),
                                               adjoint);
          in_.template LowerProduct<Into::add>(Q(l, h), in_.Square(values_adjoint).transposed(),
                                               adjoint);
        }
      }
      if (l > 0) in_.MirrorLower(adjoint);
    }
  }

 private:
  T* Gram(int l) const { return in_.Matrix(memory_.gram(l)); }
  T* Map(int l) const { return in_.Matrix(memory_.map(l)); }
  T* Values(int l, int h) const { return in_.Matrix(memory_.values(l, h)); }
  T* RowAdjoint(int l) const { return in_.Vector(memory_.row_adjoint(l)); }
  // Matrices of theta, in `rows` with padding: P and Q of head h, and the sums of their adjoints.
  const T* Theta(int l, int h, int q) const {
    const size_t k = memory_.theta_matrix(l, h, q);
    return L::kLayout == Layout::rows ? memory_.shared(k)
                                      : theta_ + k * spec_.rows() * spec_.rows();
  }
  T* DTheta(T* dtheta, int l, int h, int q) const {
    const size_t k = memory_.theta_matrix(l, h, q);
    return L::kLayout == Layout::rows
               ? memory_.shared_adjoint(k)
               : in_.Matrix(dtheta + k * spec_.rows() * spec_.rows() * kLanes);
  }
  auto P(int l, int h) const { return in_.SharedSquare(Theta(l, h, 0)); }
  auto Q(int l, int h) const { return in_.SharedSquare(Theta(l, h, 1)); }

  // The row of y in the last layer: z = e_y + sum_h Q_h^T (G p_h), p_h the last row of P_h.
  // G p_h is kept in the place of G Q_h.
  void LastRow(int last) {
    T* z = Row(last);
    in_.SetUnit(spec_.rows() - 1, z);
    for (int h = 0; h < spec_.heads; ++h) {
      T* g = Values(last, h);
      in_.template Apply<Into::set>(in_.Square(Gram(last)), LastRowOfP(last, h), g);
      in_.template Apply<Into::add>(Q(last, h).transposed(), in_.Column(g), z);
    }
  }

  auto LastRowOfP(int l, int h) const {
    const auto p = P(l, h);
    return in_.SharedVector(p.data + (spec_.rows() - 1) * p.ld);
  }

  void BackwardLast(int last, T* adjoint, T* dtheta) {
    const auto dz = in_.Column(RowAdjoint(last));
    T* dg = Scratch(3);
    for (int h = 0; h < spec_.heads; ++h) {
      const auto g = in_.Column(Values(last, h));
      const auto dg_column = in_.Column(dg);
      in_.template Apply<Into::set>(Q(last, h), dz, dg);
      in_.template OuterProduct<Into::add>(g, dz, DTheta(dtheta, last, h, 1));
      in_.template Apply<Into::add>(in_.Square(Gram(last)), dg_column,
                                    in_.Row(DTheta(dtheta, last, h, 0), spec_.rows() - 1));
      if (last == 0) continue;
      if (h == 0) {
        in_.template OuterProduct<Into::set>(dg_column, LastRowOfP(last, h), adjoint);
      } else {
        in_.template OuterProduct<Into::add>(dg_column, LastRowOfP(last, h), adjoint);
      }
      in_.template OuterProduct<Into::add>(LastRowOfP(last, h), dg_column, adjoint);
    }
  }

  const NetworkSpec& spec_;
  PassMemory<T>& memory_;
  const T* theta_;
  L in_;
};

template <class T>
using FullPass = FullPassIn<T, InLanes<T>>;
template <class T>
using FullRowsPass = FullPassIn<T, InRows<T>>;

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
