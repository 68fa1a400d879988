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

#include "gramian/lanes/vector-inl.h"
#include "gramian/models/pass.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
class FullPass {
 public:
  // `v` is the offset of this vector's lanes in the block.
  FullPass(PassMemory<T>& memory, const T* theta, size_t v)
      : spec_(memory.spec()), memory_(memory), theta_(theta), v_(v), rows_(spec_.rows()), size_(rows_ * rows_) {}

  void Load(const PromptBlock<T>& block, T factor) {
    const Vec<T> c = hn::Set(Tag<T>(), factor);
    T* gram = memory_.gram(0) + v_;
    for (size_t i = 0; i < size_; ++i) Put<T>(hn::Mul(c, Get(block.gram.data() + v_, i)), gram, i);
    if (!spec_.query_in_keys) return;
    const size_t d = rows_ - 1;
    const T* x = block.query.data() + v_;
    for (size_t i = 0; i < d; ++i) {
      for (size_t j = 0; j < d; ++j) Increase<T>(hn::Mul(c, hn::Mul(Get(x, i), Get(x, j))), gram, i * rows_ + j);
    }
  }

  void Forward() {
    const int last = spec_.layers - 1;
    T* product = memory_.scratch(0) + v_;
    for (int l = 0; l < last; ++l) {
      const auto gram = Square(memory_.gram(l) + v_);
      T* map = memory_.map(l) + v_;
      for (int h = 0; h < spec_.heads; ++h) {
        T* values = Values(l, h);
        Multiply<Into::set>(rows_, rows_, rows_, gram, Q(l, h), values);
        if (h == 0) {
          Multiply<Into::set>(rows_, rows_, rows_, P(l, h), Square(values), map);
        } else {
          Multiply<Into::add>(rows_, rows_, rows_, P(l, h), Square(values), map);
        }
      }
      for (size_t i = 0; i < rows_; ++i) Increase<T>(hn::Set(Tag<T>(), T(1)), map, i * rows_ + i);
      Multiply<Into::set>(rows_, rows_, rows_, Square(map), gram, product);
      MultiplySymmetric<Into::set>(rows_, rows_, Square(product), Square(map).transposed(), memory_.gram(l + 1) + v_);
    }
    LastRow(last);
    for (int l = last - 1; l >= 0; --l) StepRow(l, memory_.row(l + 1) + v_, memory_.row(l) + v_);
  }

  // The row of y of the map of an inner layer.
  void RowOfY(int l, T* z) const { Copy(rows_, memory_.map(l) + v_ + (rows_ - 1) * rows_ * kLanes, z); }

  // z_l = T_l^T z_{l+1}
  void StepRow(int l, const T* from, T* to) const {
    MultiplyVector<Into::set>(rows_, rows_, Square(memory_.map(l) + v_).transposed(), Column(from), to);
  }

  void Backward(T* dtheta) {
    const int last = spec_.layers - 1;
    for (int l = 0; l < last; ++l) {  // adjoint of the row recursion
      MultiplyVector<Into::set>(rows_, rows_, Square(memory_.map(l) + v_), Column(memory_.row_adjoint(l) + v_),
                                memory_.row_adjoint(l + 1) + v_);
    }
    // `adjoint` holds twice dloss/dG of the layer's input: with it no factor 2 appears.
    T* adjoint = memory_.scratch(0) + v_;
    T* map_adjoint = memory_.scratch(1) + v_;
    T* product = memory_.scratch(2) + v_;
    T* values_adjoint = memory_.scratch(3) + v_;
    BackwardLast(last, adjoint, dtheta);
    for (int l = last - 1; l >= 0; --l) {
      const auto gram = Square(memory_.gram(l) + v_);
      const auto map = Square(memory_.map(l) + v_);
      // G' = T G T^T, and T also moved the row z.
      Multiply<Into::set>(rows_, rows_, rows_, Square(adjoint), map, product);
      Multiply<Into::set>(rows_, rows_, rows_, Square(product), gram, map_adjoint);
      Outer<Into::add>(rows_, rows_, Column(memory_.row(l + 1) + v_), Column(memory_.row_adjoint(l) + v_), map_adjoint);
      if (l > 0) {
        MultiplyLower<Into::set>(rows_, rows_, map.transposed(), Square(product), adjoint);
      }
      for (int h = 0; h < spec_.heads; ++h) {
        T* dp = DTheta(dtheta, l, h);
        T* dq = dp + size_ * kLanes;
        Multiply<Into::add>(rows_, rows_, rows_, Square(map_adjoint), Square(Values(l, h)).transposed(), dp);
        Multiply<Into::set>(rows_, rows_, rows_, P(l, h).transposed(), Square(map_adjoint), values_adjoint);
        Multiply<Into::add>(rows_, rows_, rows_, gram, Square(values_adjoint), dq);
        if (l > 0) {
          MultiplyLower<Into::add>(rows_, rows_, Square(values_adjoint), Q(l, h).transposed(), adjoint);
          MultiplyLower<Into::add>(rows_, rows_, Q(l, h), Square(values_adjoint).transposed(), adjoint);
        }
      }
      if (l > 0) Mirror(rows_, adjoint);
    }
  }

 private:
  SharedMatrix<T> P(int l, int h) const {
    return {theta_ + spec_.offset(l) + static_cast<size_t>(h) * 2 * size_, rows_};
  }
  SharedMatrix<T> Q(int l, int h) const {
    return {theta_ + spec_.offset(l) + (static_cast<size_t>(h) * 2 + 1) * size_, rows_};
  }
  T* DTheta(T* dtheta, int l, int h) const {
    return dtheta + (spec_.offset(l) + static_cast<size_t>(h) * 2 * size_) * kLanes + v_;
  }
  T* Values(int l, int h) const { return memory_.values(l) + static_cast<size_t>(h) * size_ * kLanes + v_; }
  LaneMatrix<T> Square(const T* data) const { return {data, rows_}; }
  static LaneColumn<T> Column(const T* data) { return {data, 1}; }

  // The row of y in the last layer: z = e_y + sum_h Q_h^T (G p_h), p_h the last row of P_h.
  // G p_h is kept in the place of G Q_h.
  void LastRow(int last) {
    T* z = memory_.row(last) + v_;
    for (size_t i = 0; i < rows_; ++i) Put<T>(hn::Set(Tag<T>(), i + 1 == rows_ ? T(1) : T(0)), z, i);
    for (int h = 0; h < spec_.heads; ++h) {
      T* g = Values(last, h);
      MultiplyVector<Into::set>(rows_, rows_, Square(memory_.gram(last) + v_), LastRowOfP(last, h), g);
      MultiplyVector<Into::add>(rows_, rows_, Q(last, h).transposed(), Column(g), z);
    }
  }

  SharedColumn<T> LastRowOfP(int l, int h) const { return {P(l, h).data + (rows_ - 1) * rows_, 1}; }

  void BackwardLast(int last, T* adjoint, T* dtheta) {
    const LaneColumn<T> dz = Column(memory_.row_adjoint(last) + v_);
    T* dg = memory_.scratch(3) + v_;
    for (int h = 0; h < spec_.heads; ++h) {
      T* dp = DTheta(dtheta, last, h);
      T* dq = dp + size_ * kLanes;
      const LaneColumn<T> g = Column(Values(last, h));
      const LaneColumn<T> dg_column = Column(dg);
      MultiplyVector<Into::set>(rows_, rows_, Q(last, h), dz, dg);
      Outer<Into::add>(rows_, rows_, g, dz, dq);
      MultiplyVector<Into::add>(rows_, rows_, Square(memory_.gram(last) + v_), dg_column,
                                dp + (rows_ - 1) * rows_ * kLanes);
      if (last == 0) continue;
      if (h == 0) {
        Outer<Into::set>(rows_, rows_, dg_column, LastRowOfP(last, h), adjoint);
      } else {
        Outer<Into::add>(rows_, rows_, dg_column, LastRowOfP(last, h), adjoint);
      }
      Outer<Into::add>(rows_, rows_, LastRowOfP(last, h), dg_column, adjoint);
    }
  }

  const NetworkSpec& spec_;
  PassMemory<T>& memory_;
  const T* theta_;
  size_t v_, rows_, size_;
};

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
