// The two layouts of layout.h behind one interface, so that the formulas of a network are written
// once. Per-target header.
//
// A layout object stands for one place of a block, the part that is computed at a time: a register
// of prompts in `lanes`, one prompt in `rows`. All matrices are [size, size], all vectors [size].
// Matrix() and Vector() take what the pass holds for the whole block and return the part of this
// place; all other functions take such parts.
#if defined(GRAMIAN_LANES_LAYOUT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_LANES_LAYOUT_INL_H
#undef GRAMIAN_LANES_LAYOUT_INL_H
#else
#define GRAMIAN_LANES_LAYOUT_INL_H
#endif

#include "gramian/base/assert.h"
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

  // `rows` is the size of what the block of prompts holds: size, or size + 1 where y has a place of
  // its own.
  InLanes(size_t size, size_t rows, size_t place, T* /*panel*/)
      : size_(size), rows_(rows), v_(place * kRegister<T>) {
    GRAMIAN_ASSERT(size >= 1 && (rows == size || rows == size + 1));
    GRAMIAN_ASSERT(place < Places());
  }

  T* Matrix(T* of_block) const { return of_block + v_; }
  T* Vector(T* of_block) const { return of_block + v_; }
  // `count` vectors, of which the i-th is Row(.., i).
  T* Vectors(T* of_block, size_t /*count*/) const { return of_block + v_; }
  template <class P>
  P* Row(P* m, size_t i) const {
    return m + i * size_ * kLanes;
  }

  // Factors of products. Shared: one for all prompts.
  LaneMatrix<T> Square(const T* m) const { return {m, size_}; }
  LaneColumn<T> Column(const T* x) const { return {x, 1}; }
  SharedMatrix<T> SharedSquare(const T* m) const { return {m, size_}; }
  SharedColumn<T> SharedVector(const T* x) const { return {x, 1}; }

  template <Into kInto, class A, class B>
  void Product(A a, B b, T* c) const {
    Multiply<kInto>(size_, size_, size_, a, b, c);
  }
  // c = A B + x y^T
  template <class A, class B>
  void ProductAndOuter(A a, B b, const T* x, const T* y, T* c) const {
    Multiply<Into::set>(size_, size_, size_, a, b, c, OuterTerm<T>{Column(x), Column(y)});
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
  // c += sum_k x_k y_k^T over `count` vectors of two lists; Part::lower as LowerProduct.
  template <Part kPart>
  void AddOuterProducts(size_t count, const T* x, const T* y, T* c) const {
    const LaneColumn<T> left{x, size_};
    const LaneMatrix<T> right{y, size_};
    if (kPart == Part::lower) {
      MultiplyLower<Into::add>(size_, count, left, right, c);
    } else {
      Multiply<Into::add>(size_, count, size_, left, right, c);
    }
  }
  void SetZero(T* c) const {
    for (size_t i = 0; i < size_ * size_; ++i) Put(hn::Zero(Tag<T>()), c, i);
  }
  void AddToDiagonal(T value, T* m) const {
    for (size_t i = 0; i < size_; ++i) Increase<T>(hn::Set(Tag<T>(), value), m, i * size_ + i);
  }

  // Vectors, a register at a time: a whole vector has Registers(size) of them, and its entries up
  // to i lie in the first Registers(i + 1).
  size_t Registers(size_t count) const { return count; }
  size_t MatrixRegisters() const { return size_ * size_; }
  static HWY_INLINE Vec<T> Get(const T* x, size_t i) { return hn::Load(Tag<T>(), x + i * kLanes); }
  static HWY_INLINE void Put(Vec<T> value, T* x, size_t i) {
    hn::Store(value, Tag<T>(), x + i * kLanes);
  }
  // One entry for a whole register.
  HWY_INLINE Vec<T> Entry(const T* x, size_t i) const { return Get(x, i); }
  void SetEntry(Vec<T> value, T* x, size_t i) const { Put(value, x, i); }
  template <class P>
  P* Behind(P* x) const {
    return x + size_ * kLanes;
  }
  Vec<T> VectorDot(const T* x, const T* y) const { return Dot(size_, x, y); }
  // dots[k] = <x_k, y_k>: several at a time overlap and read what they share once.
  template <size_t N>
  void VectorDots(const T* const (&x)[N], const T* const (&y)[N], Vec<T> (&dots)[N]) const {
    Dots(size_, x, y, dots);
  }
  template <size_t N>
  void MatrixDots(const T* const (&x)[N], const T* const (&y)[N], Vec<T> (&dots)[N]) const {
    Dots(size_ * size_, x, y, dots);
  }
  void AddScaled(Vec<T> a, const T* x, T* y) const { Axpy(size_, a, x, y); }
  void CombineVectors(Vec<T> a, const T* x, Vec<T> b, const T* z, T* y) const {
    Combine(size_, a, x, b, z, y);
  }
  void CopyVector(const T* x, T* y) const { Copy(size_, x, y); }
  void FillVector(Vec<T> value, T* x) const {
    for (size_t i = 0; i < size_; ++i) Put(value, x, i);
  }
  void CopyShared(SharedColumn<T> from, T* x) const {
    for (size_t i = 0; i < size_; ++i) Put(from.at(i, 0), x, i);
  }
  void SetUnit(size_t unit, T* x) const {
    for (size_t i = 0; i < size_; ++i) Put(hn::Set(Tag<T>(), i == unit ? T(1) : T(0)), x, i);
  }
  // Row i of m^T, after PrepareTransposed(m).
  void PrepareTransposed(const T*) const {}
  HWY_INLINE Vec<T> GetTransposed(const T* m, size_t i, size_t j) const {
    return Get(m, j * size_ + i);
  }

  // From and to the caller's [.., lanes], which may be unaligned.
  Vec<T> FromBlock(const T* block, size_t i, T factor) const {
    return hn::Mul(hn::Set(Tag<T>(), factor), Get(block + v_, i));
  }
  // m = factor G, or factor (G + x x^T), for the first rows and columns of a [rows, rows] matrix G.
  void LoadScaled(const T* block, T factor, T* m, const T* x = nullptr) const {
    const Vec<T> c = hn::Set(Tag<T>(), factor);
    for (size_t i = 0; i < size_; ++i) {
      for (size_t j = 0; j < size_; ++j) {
        Vec<T> entry = Get(block + v_, i * rows_ + j);
        if (x != nullptr) entry = hn::MulAdd(Get(x + v_, i), Get(x + v_, j), entry);
        Put(hn::Mul(c, entry), m, i * size_ + j);
      }
    }
  }
  void LoadScaledVector(const T* block, T factor, T* x) const {
    for (size_t i = 0; i < size_; ++i) Put(FromBlock(block, i, factor), x, i);
  }
  // m += factor x x^T in the first `count` rows and columns.
  void AddScaledSquare(size_t count, const T* block, T factor, T* m) const {
    const T* x = block + v_;
    const Vec<T> c = hn::Set(Tag<T>(), factor);
    for (size_t i = 0; i < count; ++i) {
      for (size_t j = 0; j < count; ++j)
        Increase<T>(hn::Mul(c, hn::Mul(Get(x, i), Get(x, j))), m, i * size_ + j);
    }
  }
  void AddToBlock(Vec<T> value, T* block, size_t i) const { Increase<T>(value, block + v_, i); }
  void LoadNegated(size_t count, const T* block, T* x) const { Negate(count, block + v_, x); }
  void StoreNegated(size_t count, const T* x, T* block) const { Negate(count, x, block + v_); }

 private:
  static void Negate(size_t count, const T* from, T* to) {
    const Tag<T> tag;
    for (size_t i = 0; i < count; ++i)
      hn::StoreU(hn::Neg(hn::LoadU(tag, from + i * kLanes)), tag, to + i * kLanes);
  }

  size_t size_, rows_, v_;
};

template <class T>
class InRows {
 public:
  static constexpr Layout kLayout = Layout::rows;
  static constexpr size_t Places() { return kLanes; }

  // panel: memory for one matrix, in which transposed right factors are laid out.
  InRows(size_t size, size_t rows, size_t place, T* panel)
      : size_(size), rows_(rows), ld_(padded(size)), place_(place), panel_(panel) {
    GRAMIAN_ASSERT(size >= 1 && (rows == size || rows == size + 1));
    GRAMIAN_ASSERT(place < Places() && panel != nullptr);
  }

  T* Matrix(T* of_block) const { return of_block + place_ * matrix_stride(rows_); }
  T* Vector(T* of_block) const { return of_block + place_ * vector_stride(rows_); }
  T* Vectors(T* of_block, size_t count) const {
    return of_block + place_ * count * vector_stride(rows_);
  }
  template <class P>
  P* Row(P* m, size_t i) const {
    return m + i * ld_;
  }

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
  template <class A, class B>
  void ProductAndOuter(A a, B b, const T* x, const T* y, T* c) const {
    Product<Into::set>(a, b, c);
    OuterProduct<Into::add>(x, y, c);
  }
  void MirrorLower(T* c) const { Transpose<Part::lower>(size_, c, c, ld_); }
  template <Into kInto>
  void Apply(RowMatrix<T, Order::rows> a, const T* x, T* y) const {
    for (size_t i = 0; i < size_; ++i) {
      const T sum = hn::GetLane(DotOf(ld_, a.data + i * ld_, x));
      y[i] = kInto == Into::add ? y[i] + sum : sum;
    }
  }
  template <Into kInto>
  void Apply(RowMatrix<T, Order::columns> a, const T* x, T* y) const {
    const RowMatrix<T> row{x, ld_};
    MultiplyStrip<kRegister<T>, 1, Part::all, kInto>(
        size_, ld_ / kRegister<T>, row, RowRegisters<T>{a.data, ld_}, 0, y, ld_ / kRegister<T>);
  }
  template <Into kInto>
  void OuterProduct(const T* x, const T* y, T* c) const {
    const Tag<T> d;
    for (size_t i = 0; i < size_; ++i) {
      const Vec<T> left = hn::Set(d, x[i]);
      for (size_t j = 0; j < ld_; j += kRegister<T>) {
        T* out = c + i * ld_ + j;
        const Vec<T> right = hn::Load(d, y + j);
        hn::Store(
            kInto == Into::add ? hn::MulAdd(left, right, hn::Load(d, out)) : hn::Mul(left, right),
            d, out);
      }
    }
  }
  template <Part kPart>
  void AddOuterProducts(size_t count, const T* x, const T* y, T* c) const {
    MultiplyRows<kPart, Into::add>(size_, count, size_, RowMatrix<T, Order::columns>{x, ld_},
                                   RowRegisters<T>{y, ld_}, c, ld_);
  }
  void SetZero(T* c) const { std::fill_n(c, size_ * ld_, T(0)); }
  void AddToDiagonal(T value, T* m) const {
    for (size_t i = 0; i < size_; ++i) m[i * ld_ + i] += value;
  }

  // A vector is as long as its padding, which stays zero.
  size_t Registers(size_t count) const {
    return count == size_ ? ld_ / kRegister<T> : (count + kRegister<T> - 1) / kRegister<T>;
  }
  size_t MatrixRegisters() const { return size_ * ld_ / kRegister<T>; }
  static HWY_INLINE Vec<T> Get(const T* x, size_t i) {
    return hn::Load(Tag<T>(), x + i * kRegister<T>);
  }
  static HWY_INLINE void Put(Vec<T> value, T* x, size_t i) {
    hn::Store(value, Tag<T>(), x + i * kRegister<T>);
  }
  HWY_INLINE Vec<T> Entry(const T* x, size_t i) const { return hn::Set(Tag<T>(), x[i]); }
  void SetEntry(Vec<T> value, T* x, size_t i) const { x[i] = hn::GetLane(value); }
  template <class P>
  P* Behind(P* x) const {
    return x + ld_;
  }
  Vec<T> VectorDot(const T* x, const T* y) const { return DotOf(ld_, x, y); }
  template <size_t N>
  void VectorDots(const T* const (&x)[N], const T* const (&y)[N], Vec<T> (&dots)[N]) const {
    for (size_t k = 0; k < N; ++k) dots[k] = DotOf(ld_, x[k], y[k]);
  }
  template <size_t N>
  void MatrixDots(const T* const (&x)[N], const T* const (&y)[N], Vec<T> (&dots)[N]) const {
    for (size_t k = 0; k < N; ++k) dots[k] = DotOf(size_ * ld_, x[k], y[k]);
  }
  void AddScaled(Vec<T> a, const T* x, T* y) const {
    for (size_t i = 0; i < Registers(size_); ++i) Put(hn::MulAdd(a, Get(x, i), Get(y, i)), y, i);
  }
  void CombineVectors(Vec<T> a, const T* x, Vec<T> b, const T* z, T* y) const {
    for (size_t i = 0; i < Registers(size_); ++i)
      Put(hn::MulAdd(a, Get(x, i), hn::Mul(b, Get(z, i))), y, i);
  }
  void CopyVector(const T* x, T* y) const { std::copy(x, x + ld_, y); }
  void FillVector(Vec<T> value, T* x) const {
    for (size_t i = 0; i < size_; ++i) SetEntry(value, x, i);
  }
  void CopyShared(const T* from, T* x) const { CopyVector(from, x); }
  void SetUnit(size_t unit, T* x) const {
    for (size_t i = 0; i < ld_; ++i) x[i] = i == unit ? T(1) : T(0);
  }
  void PrepareTransposed(const T* m) const { Transpose<Part::all>(size_, m, panel_, ld_); }
  HWY_INLINE Vec<T> GetTransposed(const T*, size_t i, size_t j) const {
    return Get(panel_ + i * ld_, j);
  }

  // The first place loads all prompts at once, so that each line of the block is read once.
  void LoadScaled(const T* block, T factor, T* m, const T* x = nullptr) const {
    if (place_ != 0) return;
    for (size_t i = 0; i < size_; ++i) {
      for (size_t j = 0; j < size_; ++j) {
        const T* entry = block + (i * rows_ + j) * kLanes;
        for (size_t p = 0; p < kLanes; ++p) {
          const T square = x == nullptr ? T(0) : x[i * kLanes + p] * x[j * kLanes + p];
          m[p * matrix_stride(rows_) + i * ld_ + j] = factor * (entry[p] + square);
        }
      }
    }
  }
  Vec<T> FromBlock(const T* block, size_t i, T factor) const {
    return hn::Set(Tag<T>(), factor * block[i * kLanes + place_]);
  }
  void LoadScaledVector(const T* block, T factor, T* x) const {
    for (size_t i = 0; i < size_; ++i) x[i] = factor * block[i * kLanes + place_];
  }
  void AddToBlock(Vec<T> value, T* block, size_t i) const {
    block[i * kLanes + place_] += hn::GetLane(value);
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
  // Sixteen partial sums, which are then added by halves: an order that does not depend on the
  // width of a register.
  static Vec<T> DotOf(size_t count, const T* x, const T* y) {
    constexpr size_t kChains = kLanes / kRegister<T>;
    Vec<T> chain[kChains];
    for (size_t c = 0; c < kChains; ++c) chain[c] = hn::Zero(Tag<T>());
    for (size_t i = 0; i < count / kRegister<T>; i += kChains) {
      for (size_t c = 0; c < kChains; ++c)
        chain[c] = hn::MulAdd(Get(x, i + c), Get(y, i + c), chain[c]);
    }
    alignas(64) T sum[kLanes];
    for (size_t c = 0; c < kChains; ++c) Put(chain[c], sum, c);
    for (size_t half = kLanes / 2; half > 0; half /= 2) {
      for (size_t i = 0; i < half; ++i) sum[i] += sum[i + half];
    }
    return hn::Set(Tag<T>(), sum[0]);
  }

  size_t size_, rows_, ld_, place_;
  T* panel_;
};

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
