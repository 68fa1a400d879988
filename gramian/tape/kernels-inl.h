// Each operation of a tape and its adjoint, for one register of prompts. Per-target header.
#if defined(GRAMIAN_TAPE_KERNELS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_TAPE_KERNELS_INL_H
#undef GRAMIAN_TAPE_KERNELS_INL_H
#else
#define GRAMIAN_TAPE_KERNELS_INL_H
#endif

#include <hwy/contrib/math/math-inl.h>

#include <limits>

#include "gramian/lanes/vector-inl.h"
#include "gramian/tape/tape_run.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

// A side of a product: a matrix [.., ld] of one kind or the other, perhaps transposed.
template <class T>
struct Side {
  const T* data;
  size_t ld;
  bool shared, transposed;

  Side flipped() const { return {data, ld, shared, !transposed}; }
};

// C [rows, columns] (= or +=) A [rows, inner] B [inner, columns].
template <Into kInto, class T, class A>
void MultiplyBy(size_t rows, size_t inner, size_t columns, A a, Side<T> b, T* c) {
  if (b.shared) {
    if (b.transposed)
      return Multiply<kInto>(rows, inner, columns, a, SharedMatrix<T, Order::columns>{b.data, b.ld},
                             c);
    return Multiply<kInto>(rows, inner, columns, a, SharedMatrix<T>{b.data, b.ld}, c);
  }
  if (b.transposed)
    return Multiply<kInto>(rows, inner, columns, a, LaneMatrix<T, Order::columns>{b.data, b.ld}, c);
  Multiply<kInto>(rows, inner, columns, a, LaneMatrix<T>{b.data, b.ld}, c);
}

template <Into kInto, class T>
void MultiplySides(size_t rows, size_t inner, size_t columns, Side<T> a, Side<T> b, T* c) {
  if (a.shared) {  // then b is not: no code for both
    const SharedMatrix<T> left{a.data, a.ld};
    const LaneMatrix<T> right{b.data, b.ld};
    if (a.transposed && b.transposed) {
      return Multiply<kInto>(rows, inner, columns, left.transposed(), right.transposed(), c);
    }
    if (a.transposed) return Multiply<kInto>(rows, inner, columns, left.transposed(), right, c);
    if (b.transposed) return Multiply<kInto>(rows, inner, columns, left, right.transposed(), c);
    return Multiply<kInto>(rows, inner, columns, left, right, c);
  }
  if (a.transposed) {
    return MultiplyBy<kInto>(rows, inner, columns, LaneMatrix<T, Order::columns>{a.data, a.ld}, b,
                             c);
  }
  MultiplyBy<kInto>(rows, inner, columns, LaneMatrix<T>{a.data, a.ld}, b, c);
}

// sqrt(2 / pi), and the cubic term of the tanh form.
inline constexpr double kGeluSlope = 0.79788456080286535588, kGeluCubic = 0.044715;

// gelu(x) = x s(2 u), u = kGeluSlope (x + kGeluCubic x^3), s(z) = 1 / (1 + exp(-z)) = (1 + tanh(z /
// 2)) / 2.
template <class T>
HWY_INLINE Vec<T> GeluGate(Vec<T> x) {
  const Tag<T> d;
  const auto cubic =
      hn::MulAdd(hn::Mul(x, x), hn::Set(d, T(kGeluSlope * kGeluCubic)), hn::Set(d, T(kGeluSlope)));
  const auto exponent = hn::Mul(hn::Set(d, T(-2)), hn::Mul(x, cubic));
  // Beyond 80 the gate is zero in float, and exp must stay finite.
  const auto bounded = hn::Min(hn::Max(exponent, hn::Set(d, T(-80))), hn::Set(d, T(80)));
  return hn::Div(hn::Set(d, T(1)), hn::Add(hn::Set(d, T(1)), hn::Exp(d, bounded)));
}

template <class T>
class TapePlace {
 public:
  using Place = typename TapeMemory<T>::Place;

  TapePlace(TapeMemory<T>& memory, size_t place) : memory_(memory), v_(place * kRegister()) {}

  static size_t kRegister() { return hn::Lanes(Tag<T>()); }
  static size_t Places() { return kLanes / kRegister(); }

  void Forward() {
    const auto nodes = memory_.tape->nodes();
    for (size_t i = 0; i < nodes.size(); ++i) ForwardNode(nodes[i], memory_.places[i]);
  }

  void Backward() {
    const auto nodes = memory_.tape->nodes();
    for (size_t i = nodes.size(); i-- > 0;) {
      if (memory_.places[i].adjoint != nullptr) BackwardNode(nodes[i], memory_.places[i]);
    }
  }

 private:
  using Node = Tape::Node;

  const Node& node(int i) const { return memory_.tape->nodes()[static_cast<size_t>(i)]; }
  Place& place(int i) const { return memory_.places[static_cast<size_t>(i)]; }

  HWY_INLINE Vec<T> Read(const Place& from, size_t e) const {
    if (from.shared != nullptr) return hn::Set(Tag<T>(), from.shared[e]);
    return Get(from.values + v_, e);
  }
  HWY_INLINE void GiveBack(const Place& to, Vec<T> value, size_t e) const {
    if (to.sets) {
      Put<T>(value, to.adjoint + v_, e);
    } else {
      Increase<T>(value, to.adjoint + v_, e);
    }
  }

  Side<T> SideOf(int i, bool transposed) const {
    const auto ld = static_cast<size_t>(node(i).columns);
    const Place& p = place(i);
    return {p.shared != nullptr ? p.shared : p.values + v_, ld, p.shared != nullptr, transposed};
  }

  void ForwardNode(const Node& n, const Place& out) {
    const size_t rows = static_cast<size_t>(n.rows), columns = static_cast<size_t>(n.columns),
                 size = n.size();
    const Tag<T> d;
    T* to = out.values + v_;
    switch (n.operation) {
      case Operation::input:
      case Operation::parameter:
      case Operation::constant:
      case Operation::rows:
        return;
      case Operation::product:
        return MultiplySides<Into::set>(rows, Inner(n), columns, SideOf(n.a, n.a_transposed),
                                        SideOf(n.b, n.b_transposed), to);
      case Operation::sum:
        return ByElements(
            n, [&](size_t e, Vec<T> a, Vec<T> b) HWY_ATTR { Put<T>(hn::Add(a, b), to, e); });
      case Operation::times:
        return ByElements(
            n, [&](size_t e, Vec<T> a, Vec<T> b) HWY_ATTR { Put<T>(hn::Mul(a, b), to, e); });
      case Operation::scale: {
        const auto factor = hn::Set(d, static_cast<T>(n.low));
        const T* a = place(n.a).values + v_;
        for (size_t e = 0; e < size; ++e) Put<T>(hn::Mul(factor, Get(a, e)), to, e);
        return;
      }
      case Operation::columns: {
        const T* a = place(n.a).values + v_;
        const auto all = static_cast<size_t>(node(n.a).columns),
                   first = static_cast<size_t>(n.first);
        for (size_t i = 0; i < rows; ++i) {
          for (size_t j = 0; j < columns; ++j)
            Put<T>(Get(a, i * all + first + j), to, i * columns + j);
        }
        return;
      }
      case Operation::beside:
      case Operation::above:
        return Joined(n, [&](size_t e, const Place& from, size_t part)
                             HWY_ATTR { Put<T>(Read(from, part), to, e); });
      case Operation::gelu: {
        const T* a = place(n.a).values + v_;
        T* gate = out.kept + v_;
        for (size_t e = 0; e < size; ++e) {
          const auto x = Get(a, e), s = GeluGate<T>(x);
          Put<T>(s, gate, e);
          Put<T>(hn::Mul(x, s), to, e);
        }
        return;
      }
      case Operation::softmax:
        return Softmax(n, place(n.a).values + v_, to);
      case Operation::normalise:
        return Normalise(n, place(n.a).values + v_, to, out.kept + v_);
      case Operation::clip: {
        const auto low = hn::Set(d, static_cast<T>(n.low)),
                   high = hn::Set(d, static_cast<T>(n.high));
        const T* a = place(n.a).values + v_;
        for (size_t e = 0; e < size; ++e) Put<T>(hn::Min(hn::Max(Get(a, e), low), high), to, e);
        return;
      }
      case Operation::half_squared_error: {
        auto sum = hn::Zero(d);
        const T *a = place(n.a).values + v_, *b = place(n.b).values + v_;
        for (size_t e = 0; e < node(n.a).size(); ++e) {
          const auto r = hn::Sub(Get(a, e), Get(b, e));
          sum = hn::MulAdd(r, r, sum);
        }
        Put<T>(hn::Mul(hn::Set(d, T(0.5)), sum), to);
        return;
      }
    }
  }

  void BackwardNode(const Node& n, const Place& out) {
    const size_t rows = static_cast<size_t>(n.rows), columns = static_cast<size_t>(n.columns),
                 size = n.size();
    const Tag<T> d;
    const T* dout = out.adjoint + v_;
    switch (n.operation) {
      case Operation::input:
      case Operation::parameter:
      case Operation::constant:
      case Operation::rows:
        return;
      case Operation::product:
        return ProductAdjoint(n, {dout, columns, false, false});
      case Operation::sum:
        if (const Place& a = place(n.a); a.adjoint != nullptr) {
          for (size_t e = 0; e < size; ++e) GiveBack(a, Get(dout, e), e);
        }
        if (place(n.b).adjoint != nullptr) {
          RowAdjoint(n, [&](size_t e) HWY_ATTR { return Get(dout, e); });
        }
        return;
      case Operation::times:
        if (const Place& a = place(n.a); a.adjoint != nullptr) {
          const size_t wrap = node(n.b).size();
          for (size_t e = 0; e < size; ++e)
            GiveBack(a, hn::Mul(Get(dout, e), Read(place(n.b), e % wrap)), e);
        }
        if (place(n.b).adjoint != nullptr) {
          const T* a = place(n.a).values + v_;
          RowAdjoint(n, [&](size_t e) HWY_ATTR { return hn::Mul(Get(dout, e), Get(a, e)); });
        }
        return;
      case Operation::scale: {
        const auto factor = hn::Set(d, static_cast<T>(n.low));
        for (size_t e = 0; e < size; ++e) GiveBack(place(n.a), hn::Mul(factor, Get(dout, e)), e);
        return;
      }
      case Operation::columns: {
        const Place& a = place(n.a);
        const auto all = static_cast<size_t>(node(n.a).columns),
                   first = static_cast<size_t>(n.first);
        for (size_t i = 0; i < rows; ++i) {
          for (size_t j = 0; j < columns; ++j)
            GiveBack(a, Get(dout, i * columns + j), i * all + first + j);
        }
        return;
      }
      case Operation::beside:
      case Operation::above:
        return Joined(n, [&](size_t e, const Place& from, size_t part) HWY_ATTR {
          if (from.adjoint != nullptr) GiveBack(from, Get(dout, e), part);
        });
      case Operation::gelu: {
        // (x s)' = s + x s (1 - s) 2 u'
        const T* x_data = place(n.a).values + v_;
        const T* gate = out.kept + v_;
        for (size_t e = 0; e < size; ++e) {
          const auto x = Get(x_data, e), s = Get(gate, e);
          const auto slope = hn::MulAdd(hn::Mul(x, x), hn::Set(d, T(6 * kGeluSlope * kGeluCubic)),
                                        hn::Set(d, T(2 * kGeluSlope)));
          const auto inner = hn::Mul(hn::Mul(x, s), hn::Sub(hn::Set(d, T(1)), s));
          GiveBack(place(n.a), hn::Mul(Get(dout, e), hn::MulAdd(inner, slope, s)), e);
        }
        return;
      }
      case Operation::softmax: {
        const T* s = out.values + v_;
        for (size_t i = 0; i < size; i += columns) {
          const auto mean = Dot(columns, s + i * kLanes, dout + i * kLanes);
          for (size_t e = i; e < i + columns; ++e)
            GiveBack(place(n.a), hn::Mul(Get(s, e), hn::Sub(Get(dout, e), mean)), e);
        }
        return;
      }
      case Operation::normalise: {
        // y = (x - mean) k: dx = k (dy - mean of dy - y mean of dy y)
        const T* y = out.values + v_;
        const T* kept = out.kept + v_;
        const auto share = hn::Set(d, T(1) / static_cast<T>(columns));
        for (size_t i = 0; i < rows; ++i) {
          const T *yi = y + i * columns * kLanes, *di = dout + i * columns * kLanes;
          auto mean = hn::Zero(d);
          for (size_t j = 0; j < columns; ++j) mean = hn::Add(mean, Get(di, j));
          mean = hn::Mul(mean, share);
          const auto along = hn::Mul(Dot(columns, yi, di), share);
          for (size_t j = 0; j < columns; ++j) {
            const auto rest = hn::NegMulAdd(Get(yi, j), along, hn::Sub(Get(di, j), mean));
            GiveBack(place(n.a), hn::Mul(Get(kept, i), rest), i * columns + j);
          }
        }
        return;
      }
      case Operation::clip: {
        const auto low = hn::Set(d, static_cast<T>(n.low)),
                   high = hn::Set(d, static_cast<T>(n.high));
        const T* a = place(n.a).values + v_;
        for (size_t e = 0; e < size; ++e) {
          const auto x = Get(a, e);
          const auto inside = hn::And(hn::Ge(x, low), hn::Le(x, high));
          GiveBack(place(n.a), hn::IfThenElseZero(inside, Get(dout, e)), e);
        }
        return;
      }
      case Operation::half_squared_error: {
        const Place &a = place(n.a), &b = place(n.b);
        for (size_t e = 0; e < node(n.a).size(); ++e) {
          const auto r = hn::Mul(Get(dout), hn::Sub(Get(a.values + v_, e), Get(b.values + v_, e)));
          if (a.adjoint != nullptr) GiveBack(a, r, e);
          if (b.adjoint != nullptr) GiveBack(b, hn::Neg(r), e);
        }
        return;
      }
    }
  }

  size_t Inner(const Node& n) const {
    return static_cast<size_t>(n.a_transposed ? node(n.a).rows : node(n.a).columns);
  }

  // body(element, a, b) for each element of a sum or a product by elements.
  template <class Body>
  HWY_INLINE void ByElements(const Node& n, Body body) const {
    const T* a = place(n.a).values + v_;
    const Place& b = place(n.b);
    const size_t wrap = node(n.b).size();
    for (size_t i = 0; i < n.size(); i += wrap) {
      for (size_t j = 0; j < wrap; ++j) body(i + j, Get(a, i + j), Read(b, j));
    }
  }

  // The adjoint of b where it may be one row for all: term(element) is summed over rows.
  template <class Term>
  HWY_INLINE void RowAdjoint(const Node& n, Term term) const {
    const Place& b = place(n.b);
    const size_t wrap = node(n.b).size();
    for (size_t j = 0; j < wrap; ++j) {
      auto sum = term(j);
      for (size_t i = wrap; i < n.size(); i += wrap) sum = hn::Add(sum, term(i + j));
      GiveBack(b, sum, j);
    }
  }

  // body(element, operand, element of the operand) for each element of a join.
  template <class Body>
  HWY_INLINE void Joined(const Node& n, Body body) const {
    const Node &a = node(n.a), &b = node(n.b);
    const size_t first =
        n.operation == Operation::above ? a.size() : static_cast<size_t>(a.columns);
    const size_t second =
        n.operation == Operation::above ? b.size() : static_cast<size_t>(b.columns);
    size_t e = 0;
    for (size_t i = 0; e < n.size(); ++i) {
      for (size_t j = 0; j < first; ++j) body(e++, place(n.a), i * first + j);
      for (size_t j = 0; j < second; ++j) body(e++, place(n.b), i * second + j);
    }
  }

  // C = A B of factors that may be transposed: dA = dC B^T and dB = A^T dC, or the transposes of
  // these.
  void ProductAdjoint(const Node& n, Side<T> dc) const {
    const Place &a = place(n.a), &b = place(n.b);
    const Side<T> left = SideOf(n.a, n.a_transposed), right = SideOf(n.b, n.b_transposed);
    const size_t rows = static_cast<size_t>(n.rows), columns = static_cast<size_t>(n.columns),
                 inner = Inner(n);
    if (a.adjoint != nullptr) {
      if (n.a_transposed) {
        MultiplyInto(a, inner, columns, rows, right, dc.flipped());
      } else {
        MultiplyInto(a, rows, columns, inner, dc, right.flipped());
      }
    }
    if (b.adjoint != nullptr) {
      if (n.b_transposed) {
        MultiplyInto(b, columns, rows, inner, dc.flipped(), left);
      } else {
        MultiplyInto(b, inner, rows, columns, left.flipped(), dc);
      }
    }
  }

  void MultiplyInto(const Place& to, size_t rows, size_t inner, size_t columns, Side<T> a,
                    Side<T> b) const {
    if (to.sets) {
      MultiplySides<Into::set>(rows, inner, columns, a, b, to.adjoint + v_);
    } else {
      MultiplySides<Into::add>(rows, inner, columns, a, b, to.adjoint + v_);
    }
  }

  void Softmax(const Node& n, const T* from, T* to) const {
    const Tag<T> d;
    const auto columns = static_cast<size_t>(n.columns);
    const T* mask = n.masked ? memory_.constants.data() + n.offset : nullptr;
    for (size_t i = 0; i < n.size(); i += columns) {
      const auto allowed = [&](size_t e) { return mask == nullptr || mask[e] != T(0); };
      auto largest = hn::Set(d, -std::numeric_limits<T>::infinity());
      for (size_t e = i; e < i + columns; ++e) {
        if (allowed(e)) largest = hn::Max(largest, Get(from, e));
      }
      auto sum = hn::Zero(d);
      for (size_t e = i; e < i + columns; ++e) {
        auto power = hn::Zero(d);
        if (allowed(e)) {
          // Below -80 it is nothing beside the largest, which is 1.
          power = hn::Exp(d, hn::Max(hn::Sub(Get(from, e), largest), hn::Set(d, T(-80))));
        }
        sum = hn::Add(sum, power);
        Put<T>(power, to, e);
      }
      const auto inverse = hn::Div(hn::Set(d, T(1)), sum);
      for (size_t e = i; e < i + columns; ++e) Put<T>(hn::Mul(Get(to, e), inverse), to, e);
    }
  }

  void Normalise(const Node& n, const T* from, T* to, T* kept) const {
    const Tag<T> d;
    const auto columns = static_cast<size_t>(n.columns), rows = static_cast<size_t>(n.rows);
    const auto share = hn::Set(d, T(1) / static_cast<T>(columns));
    for (size_t i = 0; i < rows; ++i, from += columns * kLanes, to += columns * kLanes) {
      auto mean = hn::Zero(d);
      for (size_t j = 0; j < columns; ++j) mean = hn::Add(mean, Get(from, j));
      mean = hn::Mul(mean, share);
      auto squares = hn::Zero(d);
      for (size_t j = 0; j < columns; ++j) {
        const auto x = hn::Sub(Get(from, j), mean);
        Put<T>(x, to, j);
        squares = hn::MulAdd(x, x, squares);
      }
      const auto inverse =
          hn::Div(hn::Set(d, T(1)),
                  hn::Sqrt(hn::MulAdd(squares, share, hn::Set(d, static_cast<T>(n.low)))));
      Put<T>(inverse, kept, i);
      for (size_t j = 0; j < columns; ++j) Put<T>(hn::Mul(Get(to, j), inverse), to, j);
    }
  }

  TapeMemory<T>& memory_;
  size_t v_;
};

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
