// What an operation of a tape says about itself. Each is one file in operations/, which holds
// together what it computes, its attributes, its shape rule, its plain reference, its kernel and
// its adjoint; operations/list.h names them all and says how to add one.
//
// An operation is a struct of attributes. What computes it in plain loops in double is one of
//
//     double value(double x) const;                           a function of each element
//     double value(double x, double y) const;                 of two operands, see Pairing
//     void reference(const Operands& in, Numbers out) const;  anything else
//
// The following may be left out, and have then the meaning at the right. `multiply_adds` counts the
// products of the forward pass for one prompt; for each operand that learns the backward pass has
// as many. `kept` counts the numbers of one prompt that the forward pass keeps for the backward
// pass, and `scratch` those that either of them needs while it works. `title` and `suffix` are what
// an error calls the operation and what it says behind the shape of operand k.
//
//     static constexpr Traits kTraits;                 Traits{}, for two operands {2, 0, 0b10}
//     Shapes::Result shape(const Shapes& in) const;    the shape of the first operand
//     std::size_t kept(const Shapes& in) const;        0
//     std::size_t scratch(const Shapes& in) const;     0
//     double multiply_adds(const Shapes& in) const;    0
//     std::string title(const char* name) const;       name
//     const char* suffix(std::size_t k) const;         ""
//
// Beside the struct, for each instruction set (lanes-inl.h), are
//
//     template <class T> void Forward(const ops::X& x, const LaneCall<T>& call);
//     template <class T> void Backward(const ops::X& x, const LaneCall<T>& call);
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "gramian/base/error.h"

namespace gramian::ops {

inline constexpr std::size_t kMaxOperands = 6;

struct Shape {
  int rows = 0, columns = 0;

  std::size_t size() const {
    return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  }
  bool operator==(const Shape&) const = default;
};

// The shapes of the operands, as many as were given.
struct Shapes : std::span<const Shape> {
  using std::span<const Shape>::span;
  // The shape of the result, or the rule that the operands break: a clause that follows
  // "<operation> of <shapes>: ".
  using Result = std::expected<Shape, std::string>;
};
inline std::unexpected<std::string> broken(std::string rule) {
  return std::unexpected(std::move(rule));
}

// A matrix of one prompt by rows, to be read or written by a reference.
template <class T>
struct MatrixView {
  std::size_t rows = 0, columns = 0;
  T* data = nullptr;

  std::size_t size() const { return rows * columns; }
  T& at(std::size_t i, std::size_t j) const { return data[i * columns + j]; }
  T& operator[](std::size_t e) const { return data[e]; }
  void fill(const auto& entry) const {  // entry(i, j)
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) at(i, j) = entry(i, j);
    }
  }
};
using Numbers = MatrixView<double>;
using Operands = std::span<const MatrixView<const double>>;

struct Traits {
  std::size_t operands = 1;
  std::size_t optional = 0;  // of them, those at the end that may be missing
  // Bit k: operand k may be shared by all prompts. One at least must differ from prompt to prompt,
  // but for an operation that makes a matrix of each prompt of a shared one.
  unsigned may_be_shared = 0;
  bool makes_prompts = false;
  // Bit k: nothing flows back into operand k, such as a mask or the index of a class.
  unsigned no_gradient = 0;
  // Whether the adjoint leaves out elements of its operands, to which it must then add. All others
  // give each element of an operand's adjoint exactly once.
  bool partial_adjoint = false;
  // Whether the result shares the memory of the operand.
  bool view = false;
};

// How the second operand of an operation by elements goes with the elements of the first: it has
// the same shape, or it is one row for all rows, one column for all columns, or one number.
struct Pairing {
  bool one_row = false, one_column = false;

  static std::expected<Pairing, std::string> of(Shape a, Shape b) {
    const Pairing how{b.rows == 1 && a.rows > 1, b.columns == 1 && a.columns > 1};
    if ((b.rows == a.rows || how.one_row) && (b.columns == a.columns || how.one_column)) return how;
    return broken(
        "the second must have the shape of the first, or be one row, one column or one number of "
        "it");
  }
};

// The shape rule of a scalar loss of two values of one shape.
inline Shapes::Result loss_of_two(const Shapes& in) {
  if (in[0] != in[1]) return broken("they must have one shape");
  return Shape{1, 1};
}

template <class Op>
concept OfElements = requires(const Op& op) {
  op.value(0.0);
};
template <class Op>
concept OfPairs = requires(const Op& op) {
  op.value(0.0, 0.0);
};

template <class Op>
constexpr Traits traits_of() {
  if constexpr (requires { Op::kTraits; }) {
    return Op::kTraits;
  } else if constexpr (OfPairs<Op>) {
    return {.operands = 2, .may_be_shared = 0b10};
  } else {
    return {};
  }
}

template <class Op>
Shapes::Result shape_of(const Op& op, const Shapes& in) {
  if constexpr (requires { op.shape(in); }) {
    return op.shape(in);
  } else if constexpr (OfPairs<Op>) {
    const auto how = Pairing::of(in[0], in[1]);
    if (!how) return broken(how.error());
    return in[0];
  } else {
    return in[0];
  }
}

template <class Op>
void reference_of(const Op& op, const Operands& in, Numbers out) {
  if constexpr (OfElements<Op>) {
    for (std::size_t e = 0; e < out.size(); ++e) out[e] = op.value(in[0][e]);
  } else if constexpr (OfPairs<Op>) {
    const auto &a = in[0], &b = in[1];
    out.fill([&](std::size_t i, std::size_t j) {
      return op.value(a.at(i, j), b.at(b.rows == 1 ? 0 : i, b.columns == 1 ? 0 : j));
    });
  } else {
    op.reference(in, out);
  }
}

template <class Op>
std::size_t kept_by(const Op& op, const Shapes& in) {
  if constexpr (requires { op.kept(in); }) return op.kept(in);
  return 0;
}

template <class Op>
std::size_t scratch_of(const Op& op, const Shapes& in) {
  if constexpr (requires { op.scratch(in); }) return op.scratch(in);
  return 0;
}

template <class Op>
double multiply_adds_of(const Op& op, const Shapes& in) {
  if constexpr (requires { op.multiply_adds(in); }) return op.multiply_adds(in);
  return 0;
}

template <class Op>
std::string title_of(const Op& op, const char* name) {
  if constexpr (requires { op.title(name); }) return op.title(name);
  return name;
}

template <class Op>
const char* suffix_of(const Op& op, std::size_t k) {
  if constexpr (requires { op.suffix(k); }) return op.suffix(k);
  return "";
}

}  // namespace gramian::ops
