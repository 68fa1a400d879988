// FULL: dense P and Q. Forward and adjoint of one vector of prompts. Per-target header.
//
// Multiply-adds of one inner layer with H heads: (2H + 1.5) D^3 forward, (4H + 2.5) D^3
// backward; the last two layers and the row recursion are O(D^2). The last layer reads its G only
// through G p_h, p_h the last row of P_h, and G p = T G T^T p with the T and G of the layer before.
// So that layer needs its T only on some vectors, never as a matrix: T x = x + sum_j P_j G Q_j x
// and T^T x = x + sum_j Q_j^T G P_j^T x. The adjoint of its T is a sum of N = 1 + 2H outer products
// a_i b_i^T, and all gradients follow from what stood on the way of the vectors a_i and b_i.
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
    for (int l = 0; l + 1 < last; ++l) {
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
    if (last == 0) return;
    in_.CopyVector(Row(last), Left(0));
    ThroughTransposed(0, Row(last), Row(last - 1));
    for (int l = last - 2; l >= 0; --l) StepRow(l, Row(l + 1), Row(l));
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
  void RowOfY(int l, T* z) const {
    if (l < spec_.layers - 2) return in_.CopyVector(in_.Row(Map(l), spec_.rows() - 1), z);
    in_.SetUnit(spec_.rows() - 1, Left(Pairs()));
    ThroughTransposed(Pairs(), Left(Pairs()), z);
  }

  // z_l = T_l^T z_{l+1}, where T_l is a matrix
  void StepRow(int l, const T* from, T* to) const {
    in_.template Apply<Into::set>(in_.Square(Map(l)).transposed(), in_.Column(from), to);
  }

  void Backward(T* dtheta) {
    const int last = spec_.layers - 1;
    if (last == 0) return BackwardOnly(dtheta);
    for (int l = 0; l + 1 < last; ++l) {  // adjoint of the row recursion
      in_.template Apply<Into::set>(in_.Square(Map(l)), in_.Column(RowAdjoint(l)),
                                    RowAdjoint(l + 1));
    }
    in_.CopyVector(RowAdjoint(last - 1), Right(0));
    Through(0, RowAdjoint(last - 1), RowAdjoint(last));
    BackwardLast(last, dtheta);
    BackwardThin(last - 1, dtheta);
    for (int l = last - 2; l >= 0; --l) BackwardInner(l, dtheta);
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

  // Vectors of the layer before the last, each list with one more for the row of y. Of pair i and
  // head j: P_j^T a_i, G P_j^T a_i, Q_j b_i and G Q_j b_i.
  size_t Pairs() const { return 1 + 2 * static_cast<size_t>(spec_.heads); }
  enum Way { kPa, kGPa, kQb, kGQb };
  T* List(size_t k) const { return in_.Vectors(memory_.list(k), Pairs() + 1); }
  T* Left(size_t i) const { return in_.Row(List(0), i); }   // a_i
  T* Right(size_t i) const { return in_.Row(List(1), i); }  // b_i
  // u_h = T^T p_h, r_h = T^T dg_h, and g_h = G p_h of the last layer.
  T* U(int h) const { return in_.Row(List(2), static_cast<size_t>(h)); }
  T* R(int h) const { return in_.Row(List(3), static_cast<size_t>(h)); }
  T* LastG(int h) const { return in_.Row(List(2), static_cast<size_t>(spec_.heads + h)); }
  T* OnTheWay(Way way, int j) const { return List(4 + 4 * static_cast<size_t>(j) + way); }
  T* OnTheWay(Way way, int j, size_t i) const { return in_.Row(OnTheWay(way, j), i); }

  // y = T^T x for x = a_i, and y = T x for x = b_i, of the layer before the last.
  void ThroughTransposed(size_t i, const T* x, T* y) const {
    const int l = spec_.layers - 2;
    in_.CopyVector(x, y);
    for (int j = 0; j < spec_.heads; ++j) {
      T* pa = OnTheWay(kPa, j, i);
      T* gpa = OnTheWay(kGPa, j, i);
      in_.template Apply<Into::set>(P(l, j).transposed(), in_.Column(x), pa);
      in_.template Apply<Into::set>(in_.Square(Gram(l)), in_.Column(pa), gpa);
      in_.template Apply<Into::add>(Q(l, j).transposed(), in_.Column(gpa), y);
    }
  }
  void Through(size_t i, const T* x, T* y) const {
    const int l = spec_.layers - 2;
    in_.CopyVector(x, y);
    for (int j = 0; j < spec_.heads; ++j) {
      T* qb = OnTheWay(kQb, j, i);
      T* gqb = OnTheWay(kGQb, j, i);
      in_.template Apply<Into::set>(Q(l, j), in_.Column(x), qb);
      in_.template Apply<Into::set>(in_.Square(Gram(l)), in_.Column(qb), gqb);
      in_.template Apply<Into::add>(P(l, j), in_.Column(gqb), y);
    }
  }

  // The row of y in the last layer: z = e_y + sum_h Q_h^T (G p_h), p_h the last row of P_h. With an
  // inner layer before it, p_h is a_{2+2h} and G T^T p_h is b_{1+2h}. G p_h is kept.
  void LastRow(int last) {
    T* z = Row(last);
    in_.SetUnit(spec_.rows() - 1, z);
    for (int h = 0; h < spec_.heads; ++h) {
      T* g = LastG(h);
      if (last == 0) {
        in_.template Apply<Into::set>(in_.Square(Gram(0)), LastRowOfP(0, h), g);
      } else {
        const size_t i = 1 + 2 * static_cast<size_t>(h);
        in_.CopyShared(LastRowOfP(last, h), Left(i + 1));
        ThroughTransposed(i + 1, Left(i + 1), U(h));
        in_.template Apply<Into::set>(in_.Square(Gram(last - 1)), in_.Column(U(h)), Right(i));
        Through(i, Right(i), g);
      }
      in_.template Apply<Into::add>(Q(last, h).transposed(), in_.Column(g), z);
    }
  }

  auto LastRowOfP(int l, int h) const {
    const auto p = P(l, h);
    return in_.SharedVector(p.data + (spec_.rows() - 1) * p.ld);
  }

  // A network of one layer.
  void BackwardOnly(T* dtheta) const {
    const auto dz = in_.Column(RowAdjoint(0));
    T* dg = Scratch(3);
    for (int h = 0; h < spec_.heads; ++h) {
      in_.template Apply<Into::set>(Q(0, h), dz, dg);
      in_.template OuterProduct<Into::add>(in_.Column(LastG(h)), dz, DTheta(dtheta, 0, h, 1));
      in_.template Apply<Into::add>(in_.Square(Gram(0)), in_.Column(dg),
                                    in_.Row(DTheta(dtheta, 0, h, 0), spec_.rows() - 1));
    }
  }

  // P and Q of the last layer, and the pairs that their adjoints give to the layer before it: with
  // dg the adjoint of g = T G T^T p, a_{1+2h} = dg, and b_{2+2h} = G T^T dg.
  void BackwardLast(int last, T* dtheta) const {
    const auto dz = in_.Column(RowAdjoint(last));
    T* dp = Scratch(3);
    for (int h = 0; h < spec_.heads; ++h) {
      const size_t i = 1 + 2 * static_cast<size_t>(h);
      in_.template OuterProduct<Into::add>(in_.Column(LastG(h)), dz, DTheta(dtheta, last, h, 1));
      in_.template Apply<Into::set>(Q(last, h), dz, Left(i));
      ThroughTransposed(i, Left(i), R(h));
      in_.template Apply<Into::set>(in_.Square(Gram(last - 1)), in_.Column(R(h)), Right(i + 1));
      Through(i + 1, Right(i + 1), dp);
      in_.AddScaled(hn::Set(Tag<T>(), T(1)), dp,
                    in_.Row(DTheta(dtheta, last, h, 0), spec_.rows() - 1));
    }
  }

  // The layer before the last, from its pairs: dT = sum_i a_i b_i^T, and dG of G p = T G T^T p.
  void BackwardThin(int l, T* dtheta) const {
    T* adjoint = Scratch(0);
    const size_t heads = static_cast<size_t>(spec_.heads);
    for (int j = 0; j < spec_.heads; ++j) {
      in_.template AddOuterProducts<Part::all>(Pairs(), Left(0), OnTheWay(kGQb, j),
                                               DTheta(dtheta, l, j, 0));
      in_.template AddOuterProducts<Part::all>(Pairs(), OnTheWay(kGPa, j), Right(0),
                                               DTheta(dtheta, l, j, 1));
    }
    if (l == 0) return;
    in_.SetZero(adjoint);
    in_.template AddOuterProducts<Part::lower>(heads, R(0), U(0), adjoint);
    in_.template AddOuterProducts<Part::lower>(heads, U(0), R(0), adjoint);
    for (int j = 0; j < spec_.heads; ++j) {
      in_.template AddOuterProducts<Part::lower>(Pairs(), OnTheWay(kPa, j), OnTheWay(kQb, j),
                                                 adjoint);
      in_.template AddOuterProducts<Part::lower>(Pairs(), OnTheWay(kQb, j), OnTheWay(kPa, j),
                                                 adjoint);
    }
    in_.MirrorLower(adjoint);
  }

  // An inner layer whose T is a matrix. `adjoint` holds twice dloss/dG of its output and then of
  // its input, which saves factors of two.
  void BackwardInner(int l, T* dtheta) const {
    T* adjoint = Scratch(0);
    T* map_adjoint = Scratch(1);
    T* product = Scratch(2);
    T* values_adjoint = Scratch(3);
    const auto gram = in_.Square(Gram(l));
    const auto map = in_.Square(Map(l));
    // G' = T G T^T, and T also moved the row z.
    in_.template Product<Into::set>(in_.Square(adjoint), map, product);
    in_.ProductAndOuter(in_.Square(product), gram, Row(l + 1), RowAdjoint(l), map_adjoint);
    if (l > 0) in_.template LowerProduct<Into::set>(map.transposed(), in_.Square(product), adjoint);
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
