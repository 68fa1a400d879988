// What the kernel of an operation sees: operands, result and adjoints for the prompts of one
// register. Per-target header, for the files in operations/.
#if defined(GRAMIAN_TAPE_LANES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_TAPE_LANES_INL_H
#undef GRAMIAN_TAPE_LANES_INL_H
#else
#define GRAMIAN_TAPE_LANES_INL_H
#endif

#include <hwy/contrib/math/math-inl.h>

#include "gramian/lanes/vector-inl.h"
#include "gramian/tape/tape_run.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

// An operand: a matrix by rows that all prompts share, or one with kLanes numbers an element.
template <class T>
struct LaneOperand {
  size_t rows = 0, columns = 0;
  const T* shared = nullptr;  // [rows, columns], or null
  const T* values = nullptr;  // otherwise [rows, columns, lanes]
  T* adjoint = nullptr;       // [rows, columns, lanes], null where no gradient is wanted
  bool sets = false;          // this operation alone writes the adjoint

  size_t size() const { return rows * columns; }
  bool wanted() const { return adjoint != nullptr; }
  HWY_INLINE Vec<T> at(size_t e) const {
    if (shared != nullptr) return hn::Set(Tag<T>(), shared[e]);
    return Get(values, e);
  }
  // Gives element e of the adjoint. To be called once for each element, or as often as needed with
  // Traits::partial_adjoint.
  HWY_INLINE void give(Vec<T> value, size_t e) const {
    if (sets) {
      Put<T>(value, adjoint, e);
    } else {
      Increase<T>(value, adjoint, e);
    }
  }
};

// One operation at work. Forward writes `out` and `kept`; Backward reads both and `dout`, and gives
// to each operand that wants it.
template <class T>
struct LaneCall {
  size_t rows, columns;  // of the result
  size_t operands;
  LaneOperand<T> in[ops::kMaxOperands];
  T* out;         // [rows, columns, lanes]
  T* kept;        // as many numbers as kept() of the operation says, with lanes
  T* scratch;     // as many as scratch() says; without lanes, for this register alone
  const T* dout;  // adjoint of the result

  size_t size() const { return rows * columns; }
};

// y = f(x) for each element.
template <class T, class F>
HWY_INLINE void ByElements(const LaneCall<T>& call, F f) {
  const T* a = call.in[0].values;
  T* out = call.out;
  for (size_t e = 0; e < call.size(); ++e) Put<T>(f(Get(a, e)), out, e);
}

// Gives term(e) to each element of the first operand. (The operand is not copied: otherwise the
// compiler sees that `sets` does not change, makes two loops, and in one of them contracts a
// product in `term` with the addition, which rounds in another way.)
template <class T, class Term>
HWY_INLINE void GiveElements(const LaneCall<T>& call, Term term) {
  for (size_t e = 0; e < call.size(); ++e) call.in[0].give(term(e), e);
}

// Which element of the second operand goes with element e of the first: ops::Pairing.
class PairIndex {
 public:
  template <class T>
  explicit PairIndex(const LaneCall<T>& call)
      : columns_(call.columns),
        wrap_(call.in[1].size()),
        one_column_(call.in[1].columns<call.columns && call.in[1].rows> 1) {}
  HWY_INLINE size_t operator()(size_t e) const { return one_column_ ? e / columns_ : e % wrap_; }
  bool one_column() const { return one_column_; }

 private:
  size_t columns_, wrap_;
  bool one_column_;
};

// body(e, element e of the first operand, element of the second that goes with it).
template <class T, class Body>
HWY_INLINE void ByPairs(const LaneCall<T>& call, Body body) {
  const T* a = call.in[0].values;
  const LaneOperand<T> b = call.in[1];
  if (PairIndex(call).one_column()) {
    for (size_t i = 0; i < call.rows; ++i) {
      const Vec<T> y = b.at(i);
      for (size_t e = i * call.columns; e < (i + 1) * call.columns; ++e) body(e, Get(a, e), y);
    }
    return;
  }
  const size_t wrap = b.size();
  for (size_t i = 0; i < call.size(); i += wrap) {
    for (size_t j = 0; j < wrap; ++j) body(i + j, Get(a, i + j), b.at(j));
  }
}

// Gives to the second operand the sum of term(e) over the elements that each of its own goes with.
template <class T, class Term>
HWY_INLINE void GiveSecond(const LaneCall<T>& call, Term term) {
  const LaneOperand<T>& b = call.in[1];
  if (PairIndex(call).one_column()) {
    for (size_t i = 0; i < call.rows; ++i) {
      auto sum = term(i * call.columns);
      for (size_t j = 1; j < call.columns; ++j) sum = hn::Add(sum, term(i * call.columns + j));
      b.give(sum, i);
    }
    return;
  }
  const size_t wrap = b.size();
  for (size_t j = 0; j < wrap; ++j) {
    auto sum = term(j);
    for (size_t i = wrap; i < call.size(); i += wrap) sum = hn::Add(sum, term(i + j));
    b.give(sum, j);
  }
}

// body(e, operand, element of that operand) for a result in which `first` elements of the first
// operand take turns with `second` of the second.
template <class T, class Body>
HWY_INLINE void ByParts(const LaneCall<T>& call, size_t first, size_t second, Body body) {
  const LaneOperand<T> a = call.in[0], b = call.in[1];
  size_t e = 0;
  for (size_t i = 0; e < call.size(); ++i) {
    for (size_t j = 0; j < first; ++j) body(e++, a, i * first + j);
    for (size_t j = 0; j < second; ++j) body(e++, b, i * second + j);
  }
}

// 1 / (1 + exp(-x)).
template <class T>
HWY_INLINE Vec<T> SigmoidOf(Vec<T> x) {
  const Tag<T> d;
  // Beyond 80 it is 0 or 1 in float, and exp must stay finite.
  const auto bounded = hn::Min(hn::Max(hn::Neg(x), hn::Set(d, T(-80))), hn::Set(d, T(80)));
  return hn::Div(hn::Set(d, T(1)), hn::Add(hn::Set(d, T(1)), hn::Exp(d, bounded)));
}

// exp, of at most the largest argument that gives a finite number.
template <class T>
HWY_INLINE Vec<T> ExpOf(Vec<T> x) {
  const Tag<T> d;
  return hn::Exp(d, hn::Min(x, hn::Set(d, static_cast<T>(sizeof(T) == 4 ? 88 : 705))));
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
