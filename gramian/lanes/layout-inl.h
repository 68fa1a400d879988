// The two layouts of layout.h behind one interface, so that the formulas of a network are written
// once. Per-target header.
//
// A layout object is one place of a block: a register of prompts in `lanes`, one prompt in
// `rows`. All matrices are [size, size], all vectors [size]. Matrix() and Vector() give this
// place's part of what the pass holds for the block; the other functions take such parts.
#if defined(GRAMIAN_LANES_LAYOUT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_LANES_LAYOUT_INL_H
#undef GRAMIAN_LANES_LAYOUT_INL_H
#else
#define GRAMIAN_LANES_LAYOUT_INL_H
#endif

#include "gramian/lanes/rows-inl.h"
#include "gramian/lanes/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
class InLanes {
 public:
  static constexpr Layout kLayout = Layout::lanes;
  static constexpr size_t Places() { return kLanes / kRegister<T>; }

  InLanes(size_t size, size_t place, T* /*panel*/) : size_(size), v_(place * kRegister<T>) {}

  T* Matrix(T* of_block) const { return of_block + v_; }
  T* Vector(T* of_block) const { return of_block + v_; }
  T* Row(T* m, size_t i) const { return m + i * size_ * kLanes; }

  // Factors of products. Shared: one for all prompts.
  LaneMatrix<T> Square(const T* m) const { return {m, size_}; }
  LaneColumn<T> Column(const T* x) const { return {x, 1}; }
  SharedMatrix<T> SharedSquare(const T* m) const { return {m, size_}; }
  SharedColumn<T> SharedVector(const T* x) const { return {x, 1}; }

  template <Into kInto, class A, class B>
  void Product(A a, B b, T* c) const {
    Multiply<kInto>(size_, size_, size_, a, b, c);
  }
  template <Into kInto, class A, class B>
  void LowerProduct(A a, B b, T* c) const {
    MultiplyLower<kInto>(size_, size_, a, b, c);
  }
  void MirrorLower(T* c) const { Mirror(size_, c); }
  // y (= or +=) A x
  template <Into kInto, class A, class X>
  void Apply(A a, X x, T* y) const {
    MultiplyVector<kInto>(size_, size_, a, x, y);
  }
  // c (= or +=) x y^T
  template <Into kInto, class X, class Y>
  void OuterProduct(X x, Y y, T* c) const {
    Outer<kInto>(size_, size_, x, y, c);
  }
  void AddIdentity(T* m) const {
    for (size_t i = 0; i < size_; ++i) Increase<T>(hn::Set(Tag<T>(), T(1)), m, i * size_ + i);
  }
  void SetUnit(size_t unit, T* x) const {
    for (size_t i = 0; i < size_; ++i) Put<T>(hn::Set(Tag<T>(), i == unit ? T(1) : T(0)), x, i);
  }
  void CopyVector(const T* x, T* y) const { Copy(size_, x, y); }

  // From and to the caller's [.., lanes], which may be unaligned.
  void LoadScaled(const T* block, T factor, T* m) const {
    for (size_t i = 0; i < size_ * size_; ++i) Put<T>(hn::Mul(hn::Set(Tag<T>(), factor), Get(block + v_, i)), m, i);
  }
  void LoadNegated(size_t count, const T* block, T* x) const { Negate(count, block + v_, x); }
  void StoreNegated(size_t count, const T* x, T* block) const { Negate(count, x, block + v_); }
  // m += factor x x^T in the first `count` rows and columns.
  void AddScaledSquare(size_t count, const T* block, T factor, T* m) const {
    const T* x = block + v_;
    const Vec<T> c = hn::Set(Tag<T>(), factor);
    for (size_t i = 0; i < count; ++i) {
      for (size_t j = 0; j < count; ++j) Increase<T>(hn::Mul(c, hn::Mul(Get(x, i), Get(x, j))), m, i * size_ + j);
    }
  }

 private:
  static void Negate(size_t count, const T* from, T* to) {
    const Tag<T> tag;
    for (size_t i = 0; i < count; ++i) hn::StoreU(hn::Neg(hn::LoadU(tag, from + i * kLanes)), tag, to + i * kLanes);
  }

  size_t size_, v_;
};

template <class T>
class InRows {
 public:
  static constexpr Layout kLayout = Layout::rows;
  static constexpr size_t Places() { return kLanes; }

  // panel: memory for one matrix, in which transposed right factors are laid out.
  InRows(size_t size, size_t place, T* panel) : size_(size), ld_(padded(size)), place_(place), panel_(panel) {}

  T* Matrix(T* of_block) const { return of_block + place_ * matrix_stride(size_); }
  T* Vector(T* of_block) const { return of_block + place_ * vector_stride(size_); }
  T* Row(T* m, size_t i) const { return m + i * ld_; }

  RowMatrix<T> Square(const T* m) const { return {m, ld_}; }
  const T* Column(const T* x) const { return x; }
  RowMatrix<T> SharedSquare(const T* m) const { return {m, ld_}; }
  const T* SharedVector(const T* x) const { return x; }

  template <Into kInto, Order kLeft, Order kRight>
  void Product(RowMatrix<T, kLeft> a, RowMatrix<T, kRight> b, T* c) const {
    MultiplyRows<Part::all, kInto>(size_, size_, size_, a, Right(b), c, ld_);
  }
  template <Into kInto, Order kLeft, Order kRight>
  void LowerProduct(RowMatrix<T, kLeft> a, RowMatrix<T, kRight> b, T* c) const {
    MultiplyRows<Part::lower, kInto>(size_, size_, size_, a, Right(b), c, ld_);
  }
  void MirrorLower(T* c) const { Transpose<Part::lower>(size_, c, c, ld_); }
  template <Into kInto>
  void Apply(RowMatrix<T, Order::rows> a, const T* x, T* y) const {
    for (size_t i = 0; i < size_; ++i) {
      const T sum = DotRows(a.data + i * ld_, x);
      y[i] = kInto == Into::add ? y[i] + sum : sum;
    }
  }
  template <Into kInto>
  void Apply(RowMatrix<T, Order::columns> a, const T* x, T* y) const {
    const RowMatrix<T> row{x, ld_};
    MultiplyStrip<kRegister<T>, 1, Part::all, kInto>(size_, ld_ / kRegister<T>, row, RowRegisters<T>{a.data, ld_}, 0, y,
                                                     ld_ / kRegister<T>);
  }
  template <Into kInto>
  void OuterProduct(const T* x, const T* y, T* c) const {
    const Tag<T> d;
    for (size_t i = 0; i < size_; ++i) {
      const Vec<T> left = hn::Set(d, x[i]);
      for (size_t j = 0; j < ld_; j += kRegister<T>) {
        T* out = c + i * ld_ + j;
        const Vec<T> right = hn::Load(d, y + j);
        hn::Store(kInto == Into::add ? hn::MulAdd(left, right, hn::Load(d, out)) : hn::Mul(left, right), d, out);
      }
    }
  }
  void AddIdentity(T* m) const {
    for (size_t i = 0; i < size_; ++i) m[i * ld_ + i] += T(1);
  }
  void SetUnit(size_t unit, T* x) const {
    for (size_t i = 0; i < ld_; ++i) x[i] = i == unit ? T(1) : T(0);
  }
  void CopyVector(const T* x, T* y) const { std::copy(x, x + ld_, y); }

  // All prompts at once, with the first: each line of the block is read once.
  void LoadScaled(const T* block, T factor, T* m) const {
    if (place_ != 0) return;
    for (size_t i = 0; i < size_; ++i) {
      for (size_t j = 0; j < size_; ++j, block += kLanes) {
        for (size_t p = 0; p < kLanes; ++p) m[p * matrix_stride(size_) + i * ld_ + j] = factor * block[p];
      }
    }
  }
  void AddScaledSquare(size_t count, const T* block, T factor, T* m) const {
    const T* x = block + place_;
    for (size_t i = 0; i < count; ++i) {
      for (size_t j = 0; j < count; ++j) m[i * ld_ + j] += factor * (x[i * kLanes] * x[j * kLanes]);
    }
  }
  void LoadNegated(size_t count, const T* block, T* x) const {
    for (size_t i = 0; i < count; ++i) x[i] = -block[i * kLanes + place_];
  }
  void StoreNegated(size_t count, const T* x, T* block) const {
    for (size_t i = 0; i < count; ++i) block[i * kLanes + place_] = -x[i];
  }

 private:
  RowRegisters<T> Right(RowMatrix<T, Order::rows> b) const { return {b.data, b.ld}; }
  RowRegisters<T> Right(RowMatrix<T, Order::columns> b) const {
    Transpose<Part::all>(size_, b.data, panel_, ld_);
    return {panel_, ld_};
  }
  T DotRows(const T* x, const T* y) const {
    const Tag<T> d;
    auto even = hn::Zero(d), odd = hn::Zero(d);
    size_t j = 0;
    for (; j + 2 * kRegister<T> <= ld_; j += 2 * kRegister<T>) {
      even = hn::MulAdd(hn::Load(d, x + j), hn::Load(d, y + j), even);
      odd = hn::MulAdd(hn::Load(d, x + j + kRegister<T>), hn::Load(d, y + j + kRegister<T>), odd);
    }
    if (j < ld_) even = hn::MulAdd(hn::Load(d, x + j), hn::Load(d, y + j), even);
    return hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
  }

  size_t size_, ld_, place_;
  T* panel_;
};

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
